// Owns the sheet of keyboard shortcuts.
import { Fragment } from 'react'
import { Dialog } from '@/components/ui/dialog'

const KEYS: readonly [string, string][] = [
  ['Ctrl/⌘ K', 'Search or run a command'],
  ['?', 'Keyboard shortcuts'],
  ['/', 'Search on this page'],
  ['Esc', 'Close dialog, clear search'],
  ['g h', 'Home'],
  ['g o', 'Project overview'],
  ['g s', 'Schema'],
  ['g l', 'Lineage'],
  ['g c', 'Columns'],
  ['g i', 'Impact'],
  ['g f', 'Files'],
  ['g j', 'Jobs'],
  ['g ,', 'Settings'],
  ['j k, ↑ ↓', 'Move in a list'],
  ['Enter', 'Open the selected row'],
  ['[ ]', 'Previous and next usage in Lineage'],
  ['u', 'Unused columns only, in Columns'],
]

export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" description="Single keys work outside text fields." open onOpenChange={(open) => !open && onClose()}>
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
