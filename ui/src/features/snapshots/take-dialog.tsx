// Owns asking for a snapshot: what it is called, and which tables it holds.
import { useState, type FormEvent } from 'react'
import type { Snapshot } from '@/api/types'
import { TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { useDatabase } from '@/lib/database-scope'
import { asApiError } from '@/lib/problem'
import { useTakeSnapshot } from './api'
import { ExtentFields, isNamed, type Extent } from './extent-fields'

export function TakeDialog({ onClose, onTaken }: { onClose: () => void; onTaken: (snapshot: Snapshot) => void }) {
  const database = useDatabase()
  const [label, setLabel] = useState('')
  const [extent, setExtent] = useState<Extent>({ tables: null, exclude: null })
  const take = useTakeSnapshot(database.id)
  const failure = take.error ? asApiError(take.error) : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    take.mutate(
      { label: label.trim(), ...extent },
      {
        onSuccess: (made) => {
          onClose()
          onTaken(made)
        },
      },
    )
  }
  return (
    <Dialog title="Take snapshot" description={`A consistent copy of ${database.name}. Only what changed since the last snapshot is stored.`} open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        {failure && Object.keys(failure.fields).length === 0 && <ErrorNote error={failure} />}
        <TextField label="Label" value={label} autoFocus maxLength={200} placeholder="Before the rename" note="Optional." onChange={(event) => setLabel(event.target.value)} error={failure?.fields['label']} />
        <ExtentFields database={database.id} value={extent} onChange={setExtent} />
        <footer>
          <button type="submit" className="btn primary" disabled={take.isPending || !isNamed(extent)}>
            {take.isPending ? 'Starting…' : 'Take snapshot'}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
