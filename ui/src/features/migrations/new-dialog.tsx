// Owns writing a new migration, and bringing those of another tool.
import { useId, useState } from 'react'
import { toast } from 'sonner'
import { SelectField, TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { useDatabase } from '@/lib/database-scope'
import { asApiError } from '@/lib/problem'
import { addMigration, importMigrations } from './api'

interface DialogProps {
  onClose: () => void
  onDone: () => void
}

function SqlField({ label, value, note, onChange }: { label: string; value: string; note: string; onChange: (value: string) => void }) {
  const id = useId()
  return (
    <div className="formrow">
      <label htmlFor={id}>{label}</label>
      <textarea id={id} className="area mono" rows={6} spellCheck={false} aria-describedby={`${id}-note`} value={value} onChange={(event) => onChange(event.target.value)} />
      <p id={`${id}-note`} className="small dim">
        {note}
      </p>
    </div>
  )
}

export function NewDialog({ onClose, onDone }: DialogProps) {
  const database = useDatabase()
  const [name, setName] = useState('')
  const [up, setUp] = useState('')
  const [down, setDown] = useState('')
  const [error, setError] = useState<unknown>(null)
  const add = async () => {
    try {
      await addMigration(database.id, { name, up, down: down.trim() ? down : null })
      onDone()
      onClose()
    } catch (failure) {
      setError(failure)
    }
  }
  return (
    <Dialog title="New migration" open onOpenChange={(open) => !open && onClose()}>
      <form
        className="form-stack"
        onSubmit={(event) => {
          event.preventDefault()
          void add()
        }}
      >
        {error !== null && <ErrorNote error={asApiError(error)} />}
        <TextField label="Name" value={name} autoFocus required onChange={(event) => setName(event.target.value)} />
        <SqlField label="SQL" value={up} note="Saved, not run. To generate it, change the structure and choose “Save as migration”." onChange={setUp} />
        <SqlField label="Down" value={down} note="Optional. Without it, the migration cannot be reverted." onChange={setDown} />
        <footer>
          <button type="submit" className="btn primary" disabled={!name.trim() || !up.trim()}>
            Add migration
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

const COUNTED = [
  { value: '', label: 'As recorded in the database by their tool' },
  { value: 'true', label: 'All applied' },
  { value: 'false', label: 'None applied' },
] as const

export function ImportDialog({ onClose, onDone }: DialogProps) {
  const database = useDatabase()
  const [file, setFile] = useState<File | null>(null)
  const [applied, setApplied] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const id = useId()
  const bring = async () => {
    if (!file) return
    setBusy(true)
    try {
      const count = await importMigrations(database.id, file, applied === '' ? null : applied === 'true')
      toast.success(`${count} migrations imported`)
      onDone()
      onClose()
    } catch (failure) {
      setError(failure)
    }
    setBusy(false)
  }
  return (
    <Dialog title="Import migrations" description="A ZIP of the folder of Flyway, Prisma, dbmate, goose, golang-migrate, Alembic, or of plain SQL files." open onOpenChange={(open) => !open && onClose()}>
      <form
        className="form-stack"
        onSubmit={(event) => {
          event.preventDefault()
          void bring()
        }}
      >
        {error !== null && <ErrorNote error={asApiError(error)} />}
        <div className="formrow">
          <label htmlFor={id}>ZIP file</label>
          <input id={id} type="file" accept=".zip,.tar,.gz,.tgz" onChange={(event) => setFile(event.target.files?.[0] ?? null)} />
        </div>
        <SelectField label="Already applied" value={applied} options={COUNTED} onChange={setApplied} />
        <footer>
          <button type="submit" className="btn primary" disabled={file === null || busy}>
            Import
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
