// Owns one part of a key: a new one, or another value for one that is there and is still what was shown.
import { useState } from 'react'
import type { Entry, EntryChange, EntryChangeAnswer, Part } from '@/api/types'
import { TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import type { PartShape } from './part-shapes'

interface PartProps {
  entry: Entry
  part: Part | null
  shape: PartShape
  send: (change: EntryChange) => Promise<EntryChangeAnswer | null>
  onClose: () => void
}

export function PartDialog({ entry, part, shape, send, onClose }: PartProps) {
  const [name, setName] = useState(part?.name ?? '')
  const [value, setValue] = useState(part?.value ?? (entry.type === 'stream' ? '{"field": "value"}' : ''))
  const [was, setWas] = useState(part?.value ?? null)
  const [theirs, setTheirs] = useState<{ now: string | null } | null>(null)
  const [error, setError] = useState<unknown>(null)
  const save = async () => {
    setError(null)
    try {
      const answer = await send({ kind: 'put', id: entry.id, part: part || shape.named ? name : '', body: value, was })
      if (answer?.applied) onClose()
      else if (answer) setTheirs({ now: answer.now ?? null })
    } catch (failure) {
      setError(failure)
    }
  }
  return (
    <Dialog title={part ? `Edit the ${shape.one}` : shape.add} description={entry.id} open onOpenChange={(open) => !open && onClose()}>
      <form
        className="form-stack"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        {error !== null && <ErrorNote error={error} />}
        {theirs && (
          <div role="alert" className="note">
            <p className="grow t-warn">{theirs.now === null ? 'It no longer exists.' : `Somebody else changed it in the meantime. It is now: ${theirs.now.slice(0, 500)}`}</p>
            <button
              type="button"
              className="btn"
              onClick={() => {
                setWas(theirs.now)
                setTheirs(null)
              }}
            >
              Overwrite with mine
            </button>
          </div>
        )}
        {(part !== null || shape.named) && <TextField label={shape.name} className="mono" value={name} disabled={part !== null} onChange={(event) => setName(event.target.value)} />}
        {shape.value && entry.type === 'zset' && <TextField label={shape.value} className="mono" inputMode="decimal" value={value} onChange={(event) => setValue(event.target.value)} />}
        {shape.value && entry.type !== 'zset' && (
          <label className="formrow">
            <span>{shape.value}</span>
            <textarea className="area mono" rows={8} spellCheck={false} value={value} onChange={(event) => setValue(event.target.value)} />
          </label>
        )}
        <footer>
          <button type="button" className="btn" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="btn primary" disabled={theirs !== null || (shape.named && name === '')}>
            {part ? 'Save' : 'Add'}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
