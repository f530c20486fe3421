// Owns giving the present moment a name, to come back to.
import { useState, type FormEvent } from 'react'
import { TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { useDatabase } from '@/lib/database-scope'
import { asApiError } from '@/lib/problem'
import { useCreateRestorePoint } from './api'

export function RestorePointDialog({ onClose }: { onClose: () => void }) {
  const database = useDatabase()
  const point = useCreateRestorePoint(database.id)
  const [name, setName] = useState('')
  const failure = point.error ? asApiError(point.error) : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    point.mutate(name.trim(), { onSuccess: onClose })
  }
  return (
    <Dialog title="Create restore point" description={`${database.name} can be restored to this point by its name, within the retention period.`} open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        {failure && Object.keys(failure.fields).length === 0 && <ErrorNote error={failure} />}
        <TextField label="Name" value={name} autoFocus required maxLength={63} placeholder="Before the migration" error={failure?.fields['name']} onChange={(event) => setName(event.target.value)} />
        <footer>
          <button type="submit" className="btn primary" disabled={point.isPending || name.trim() === ''}>
            Create
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
