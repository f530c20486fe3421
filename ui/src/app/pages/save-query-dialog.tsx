// Owns saving a query with its chart under a name, and putting it on a dashboard.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { toast } from 'sonner'
import type { Chart } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { Dialog } from '@/components/ui/dialog'
import { addTile, dashboardsQuery } from '@/features/dashboards/api'
import { useDatabase } from '@/lib/database-scope'
import { withErrorToast } from '@/lib/download'
import { useProjectScope } from '@/lib/project-scope'
import { saveQuery } from '@/features/query/api'

export function SaveQueryDialog({ text, chart, onClose }: { text: string; chart: Chart; onClose: () => void }) {
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const [board, setBoard] = useState('')
  const { project } = useProjectScope()
  const database = useDatabase()
  const queries = useQueryClient()
  const boards = useQuery(dashboardsQuery(project.id)).data ?? []
  const save = () =>
    withErrorToast(async () => {
      const saved = await saveQuery(project.id, { name, text, shared: shared || board !== '', chart, database_id: database.id })
      if (board) await addTile(board, saved.id)
      await queries.invalidateQueries({ queryKey: ['dashboards'] })
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
          <input type="checkbox" checked={shared || board !== ''} disabled={board !== ''} onChange={(event) => setShared(event.target.checked)} />
          Share with the project
        </label>
        {boards.length > 0 && (
          <SelectField
            label="Dashboard"
            value={board}
            onChange={setBoard}
            options={[{ value: '', label: 'None' }, ...boards.map((one) => ({ value: one.id, label: one.name }))]}
          />
        )}
        <footer>
          <button type="submit" className="btn primary" disabled={!name.trim()}>
            Save
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
