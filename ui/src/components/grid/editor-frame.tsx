// Owns the window of an editor that is larger than its cell: it stands beside the cell, and focus goes back to the grid.
import { Popover } from 'radix-ui'
import type { KeyboardEvent, ReactNode } from 'react'
import { chord } from '@/lib/hotkeys'

interface EditorFrameProps {
  label: string
  /** Escape leaves things as they were; what a press beside the window means is for the editor to say. */
  onLeave: (how: 'escape' | 'outside') => void
  onKey?: (event: KeyboardEvent) => void
  className?: string
  children: ReactNode
}

export function EditorFrame({ label, onLeave, onKey, className = '', children }: EditorFrameProps) {
  return (
    <Popover.Root open>
      <Popover.Anchor className="editanchor" />
      <Popover.Portal>
        <Popover.Content
          className={`celled afloat ${className}`}
          aria-label={label}
          align="start"
          sideOffset={2}
          collisionPadding={8}
          onCloseAutoFocus={(event) => event.preventDefault()}
          onEscapeKeyDown={(event) => {
            event.preventDefault()
            onLeave('escape')
          }}
          onPointerDownOutside={(event) => {
            event.preventDefault()
            onLeave('outside')
          }}
          // Tab goes round inside: focus that goes elsewhere was not moved by the one who edits, and must not end it.
          onFocusOutside={(event) => event.preventDefault()}
          onKeyDown={onKey}
        >
          {children}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

/** The key that makes a cell NULL in every editor. */
export const isNullKey = (event: KeyboardEvent) => (event.ctrlKey || event.metaKey) && event.key === '0'

export function NullButton({ onNull }: { onNull: () => void }) {
  return (
    <button type="button" className="btn ghost" onMouseDown={(event) => event.preventDefault()} onClick={onNull}>
      NULL <kbd aria-hidden="true">{chord('0')}</kbd>
    </button>
  )
}
