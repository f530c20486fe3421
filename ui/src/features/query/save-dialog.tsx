// Owns saving a query under a name.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { toast } from 'sonner'
import { TextField } from '@/components/field'
import { Dialog } from '@/components/ui/dialog'
import { useDatabase } from '@/lib/database-scope'
import { tellFailure } from '@/lib/download'
import { useProjectScope } from '@/lib/project-scope'
import { saveQuery } from './api'

export function SaveDialog({ text, onClose }: { text: string; onClose: () => void }) {
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const { project } = useProjectScope()
  const database = useDatabase()
  const queries = useQueryClient()
  const save = () =>
    tellFailure(async () => {
      await saveQuery(project.id, { name, text, shared, database_id: database.id })
      await queries.invalidateQueries({ queryKey: ['saved'] })
      toast.success('Saved')
      onClose()
    })
  return (
    <Dialog title="Save this query" open onOpenChange={(open) => !open && onClose()}>
      <form
        className="form-stack"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <TextField label="Name" value={name} autoFocus required onChange={(event) => setName(event.target.value)} />
        <label className="row">
          <input type="checkbox" checked={shared} onChange={(event) => setShared(event.target.checked)} />
          Share it with the project
        </label>
        <footer>
          <button type="submit" className="btn primary" disabled={!name.trim()}>
            Save
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
