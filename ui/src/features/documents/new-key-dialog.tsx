// Owns making a key: its name, its type, its first part or value, and how long it lives.
import { useState } from 'react'
import type { EntryChange, EntryChangeAnswer } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { shapeOf } from './part-shapes'
import { NAMES } from './type-badge'

interface NewKeyProps {
  send: (change: EntryChange) => Promise<EntryChangeAnswer | null>
  onClose: () => void
  onMade: (key: string) => void
}

export function NewKeyDialog({ send, onClose, onMade }: NewKeyProps) {
  const [id, setId] = useState('')
  const [type, setType] = useState('string')
  const [part, setPart] = useState('')
  const [body, setBody] = useState('')
  const [life, setLife] = useState('')
  const [error, setError] = useState<unknown>(null)
  const shape = type === 'string' ? null : shapeOf(type)
  const make = async () => {
    setError(null)
    try {
      const answer = await send({ kind: 'insert', id, type, part, body, seconds: Number(life) > 0 ? Number(life) : null })
      if (!answer) return
      onMade(answer.id)
      onClose()
    } catch (failure) {
      setError(failure)
    }
  }
  return (
    <Dialog title="New key" open onOpenChange={(open) => !open && onClose()}>
      <form
        className="form-stack"
        onSubmit={(event) => {
          event.preventDefault()
          void make()
        }}
      >
        {error !== null && <ErrorNote error={error} />}
        <TextField label="Key" className="mono" placeholder="user:42" autoFocus value={id} onChange={(event) => setId(event.target.value)} />
        <SelectField label="Type" value={type} onChange={setType} options={Object.entries(NAMES).map(([value, label]) => ({ value, label }))} />
        {shape?.named && <TextField label={`First ${shape.one}`} className="mono" value={part} onChange={(event) => setPart(event.target.value)} />}
        {(shape === null || shape.value !== null) && (
          <label className="formrow">
            <span>{shape?.value ?? 'Value'}</span>
            <textarea className="area mono" rows={4} spellCheck={false} placeholder={type === 'stream' ? '{"field": "value"}' : ''} value={body} onChange={(event) => setBody(event.target.value)} />
          </label>
        )}
        <TextField label="Seconds to live" inputMode="numeric" note="Leave empty to never expire." value={life} onChange={(event) => setLife(event.target.value)} />
        <footer>
          <button type="button" className="btn" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="btn primary" disabled={id === ''}>
            Create key
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
