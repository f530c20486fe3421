// Owns the list of a project's dashboards.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ChartColumn, Plus } from 'lucide-react'
import { useState } from 'react'
import { TextField } from '@/components/field'
import { PageFrame } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { withErrorToast } from '@/lib/download'
import { ago, plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { dashboardsQuery, useCreateDashboard } from './api'

function NewDashboard({ onClose }: { onClose: () => void }) {
  const { project } = useProjectScope()
  const [name, setName] = useState('')
  const create = useCreateDashboard(project.id)
  const navigate = useNavigate()
  const submit = () =>
    withErrorToast(async () => {
      const made = await create.mutateAsync(name)
      await navigate({ to: '/p/$project/dashboards/$dashboard', params: { project: project.id, dashboard: made.id } })
    })
  return (
    <Dialog title="New dashboard" open onOpenChange={(open) => !open && onClose()}>
      <form
        className="form-stack"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <TextField label="Name" value={name} maxLength={200} autoFocus required onChange={(event) => setName(event.target.value)} />
        <footer>
          <button type="submit" className="btn primary" disabled={!name.trim() || create.isPending}>
            Create dashboard
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

export function DashboardsPage() {
  const { project } = useProjectScope()
  const dashboards = useQuery(dashboardsQuery(project.id))
  const [making, setMaking] = useState(false)
  const canWrite = project.role !== 'viewer'
  const button = canWrite && (
    <button type="button" className="btn primary" onClick={() => setMaking(true)}>
      <Plus className="i" aria-hidden="true" />
      New dashboard
    </button>
  )
  return (
    <PageFrame title="Dashboards" actions={dashboards.data?.length ? button : undefined}>
      <section className="panel" aria-label="Dashboards">
        <Loaded query={dashboards}>
          {(items) =>
            items.length === 0 ? (
              <EmptyState text="A dashboard shows saved queries as charts, side by side.">{button}</EmptyState>
            ) : (
              <ul className="list">
                {items.map((one) => (
                  <li key={one.id}>
                    <Link to="/p/$project/dashboards/$dashboard" params={{ project: project.id, dashboard: one.id }} className="histrow dashrow">
                      <ChartColumn className="i dim" aria-hidden="true" />
                      <span className="cut grow font-medium">{one.name}</span>
                      <span className="dim small">{plural(one.tiles, 'tile')}</span>
                      <span className="dim small hide-p">updated {ago(one.updated_at)}</span>
                    </Link>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </section>
      {making && <NewDashboard onClose={() => setMaking(false)} />}
    </PageFrame>
  )
}
