// Owns the snapshots whose database does not exist here: of deleted databases and of opened vaults, and restoring them.
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { toast } from 'sonner'
import type { Snapshot } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { Panel, TableHead, TableScroll } from '@/components/page'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { projectsQuery } from '@/features/projects/api'
import { nameProblem } from '@/lib/database-name'
import { bytes, count, moment } from '@/lib/format'
import { detachedQuery, useRestore } from './api'

const COLUMNS = [{ name: 'Taken' }, { name: 'Database' }, { name: 'Rows', className: 'num' }, { name: 'Stored', className: 'num' }, { name: 'Action', unseen: true }]

function RestoreDialog({ organization, snapshot, onClose }: { organization: string; snapshot: Snapshot; onClose: () => void }) {
  const projects = useQuery(projectsQuery()).data?.filter((project) => project.organization_id === organization) ?? []
  const [name, setName] = useState(snapshot.database_name)
  const [project, setProject] = useState(snapshot.project_id)
  const restore = useRestore(snapshot.id)
  const target = project ?? projects[0]?.id ?? ''
  const problem = nameProblem(name, [])
  const save = (event: FormEvent) => {
    event.preventDefault()
    restore.mutate(
      { name, project_id: target, target_id: null, tables: null, mode: 'empty', confirmed: false },
      {
        onSuccess: () => {
          toast.success(`Restoring into ${name}`, { description: 'Follow it under Jobs.' })
          onClose()
        },
      },
    )
  }
  return (
    <Dialog title={`Restore ${snapshot.database_name}`} description="Into a new database. Nothing that exists is changed." open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={save}>
        {restore.error && <ErrorNote error={restore.error} />}
        <TextField label="Name of the new database" value={name} autoFocus required error={problem ?? undefined} onChange={(event) => setName(event.target.value)} />
        <SelectField label="Project" value={target} options={projects.map(({ id, name: label }) => ({ value: id, label }))} onChange={setProject} />
        <footer>
          <button type="submit" className="btn primary" disabled={restore.isPending || problem !== null || target === ''}>
            Restore
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

export function DetachedSnapshots({ organization, canRestore }: { organization: string; canRestore: boolean }) {
  const snapshots = useQuery(detachedQuery(organization))
  const [chosen, setChosen] = useState<Snapshot | null>(null)
  if (snapshots.error) return <ErrorNote error={snapshots.error} />
  if (!snapshots.data?.length) return null
  return (
    <Panel title="Snapshots without a database">
      <TableScroll label="Snapshots without a database">
        <table className="table tall">
          <TableHead columns={COLUMNS} />
          <tbody>
            {snapshots.data.map((snapshot) => {
              const name = [snapshot.database_name, snapshot.label].filter(Boolean).join(' · ')
              const taken = moment(snapshot.taken_at ?? snapshot.created_at)
              return (
                <tr key={snapshot.id}>
                  <td>{taken}</td>
                  <td className="cut w-full max-w-0">
                    {name}
                    {snapshot.verification?.ok === false && <span className="t-del"> · damaged</span>}
                  </td>
                  <td className="num">{count(snapshot.rows)}</td>
                  <td className="num">{bytes(snapshot.stored_bytes)}</td>
                  <td className="num">
                    {canRestore && (
                      <button type="button" className="btn" aria-label={`Restore ${name} of ${taken}`} onClick={() => setChosen(snapshot)}>
                        Restore
                      </button>
                    )}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </TableScroll>
      {chosen && <RestoreDialog organization={organization} snapshot={chosen} onClose={() => setChosen(null)} />}
    </Panel>
  )
}
