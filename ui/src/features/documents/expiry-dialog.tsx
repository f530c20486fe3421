// Owns how long a key lives: for some seconds more, or until somebody deletes it.
import { useState } from 'react'
import { toast } from 'sonner'
import type { Entry, EntryChange, EntryChangeAnswer } from '@/api/types'
import { TextField } from '@/components/field'
import { Dialog } from '@/components/ui/dialog'
import { withErrorToast } from '@/lib/download'

const CHOICES = [
  { label: '1 min', value: 60 },
  { label: '1 h', value: 3600 },
  { label: '1 day', value: 86_400 },
  { label: '30 days', value: 2_592_000 },
]

interface ExpiryProps {
  entry: Entry
  send: (change: EntryChange) => Promise<EntryChangeAnswer | null>
  onClose: () => void
}

export function ExpiryDialog({ entry, send, onClose }: ExpiryProps) {
  const [text, setText] = useState(entry.seconds_left === null ? '' : String(Math.round(entry.seconds_left)))
  const wanted = Number(text)
  const set = (seconds: number | null) =>
    void withErrorToast(async () => {
      const answer = await send({ kind: 'expire', id: entry.id, seconds })
      if (answer && !answer.applied) toast.error('The key no longer exists.')
      if (answer) onClose()
    })
  return (
    <Dialog title="Expiry" description={entry.id} open onOpenChange={(open) => !open && onClose()}>
      <form
        className="form-stack"
        onSubmit={(event) => {
          event.preventDefault()
          set(wanted)
        }}
      >
        <TextField label="Seconds from now" inputMode="numeric" value={text} onChange={(event) => setText(event.target.value)} />
        <div className="row">
          {CHOICES.map((choice) => (
            <button key={choice.value} type="button" className="btn ghost" onClick={() => setText(String(choice.value))}>
              {choice.label}
            </button>
          ))}
        </div>
        <footer>
          <button type="button" className="btn" disabled={entry.seconds_left === null} onClick={() => set(null)}>
            Never expire
          </button>
          <button type="submit" className="btn primary" disabled={!(wanted > 0)}>
            Set expiry
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
