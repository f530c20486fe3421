// Owns the sheet of keyboard shortcuts.
import { Fragment } from 'react'
import { Dialog } from '@/components/ui/dialog'

const KEYS: readonly [string, string][] = [
  ['Ctrl/⌘ K', 'Search or run a command'],
  ['?', 'This sheet'],
  ['/', 'Search on this page'],
  ['Esc', 'Close the top layer, empty a search'],
  ['g h', 'Home'],
  ['g o', 'Project overview'],
  ['g s', 'Schema'],
  ['g l', 'Lineage'],
  ['g c', 'Columns'],
  ['g f', 'Files'],
  ['g j', 'Jobs'],
  ['g ,', 'Settings'],
  ['j k, ↑ ↓', 'Move in a list'],
  ['Enter', 'Open the chosen row'],
  ['[ ]', 'Previous and next usage in Lineage'],
  ['u', 'Only unused columns, in Columns'],
]

export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" description="Letters work while no field has the focus." open onOpenChange={(open) => !open && onClose()}>
      <dl className="keys">
        {KEYS.map(([key, what]) => (
          <Fragment key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  )
}
