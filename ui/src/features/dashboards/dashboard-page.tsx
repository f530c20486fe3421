// Owns a dashboard: its tiles in order, adding and moving them, how often they refresh.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Ellipsis, Plus, RefreshCw } from 'lucide-react'
import { useState } from 'react'
import type { Dashboard, DashboardChange } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { PageFrame } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { ConfirmDialog, Dialog } from '@/components/ui/dialog'
import { Menu, MenuItem } from '@/components/ui/menu'
import { withErrorToast } from '@/lib/download'
import { useProjectScope } from '@/lib/project-scope'
import { moved } from '@/lib/reorder'
import { AddTiles } from './add-tiles'
import { dashboardQuery, freshTile, useDashboardChanges, type DashboardChanges } from './api'
import { TileView } from './tile-view'

const route = getRouteApi('/shell/p/$project/dashboards/$dashboard')
const REFRESH: readonly { seconds: NonNullable<DashboardChange['refresh_seconds']>; label: string }[] = [
  { seconds: 0, label: 'Refresh manually' },
  { seconds: 60, label: 'Every minute' },
  { seconds: 300, label: 'Every 5 minutes' },
  { seconds: 900, label: 'Every 15 minutes' },
  { seconds: 3600, label: 'Every hour' },
]
const REFRESH_OPTIONS = REFRESH.map(({ seconds, label }) => ({ value: String(seconds), label }))
const refreshSeconds = (value: string) => REFRESH.find(({ seconds }) => String(seconds) === value)?.seconds

function Tiles({ dashboard, canWrite, changes, onAdd }: { dashboard: Dashboard; canWrite: boolean; changes: DashboardChanges; onAdd: () => void }) {
  const [dragged, setDragged] = useState<number | null>(null)
  const [target, setTarget] = useState<number | null>(null)
  const [told, setTold] = useState('')
  const move = (from: number, to: number) => {
    const order = moved(dashboard.tiles, from, to)
    const tile = dashboard.tiles[from]
    setTold(`${tile?.title || tile?.query_name || 'The tile'} moved to position ${to + 1} of ${order.length}.`)
    void withErrorToast(() => changes.order(dashboard, order.map((one) => one.id)))
  }
  const end = () => {
    setDragged(null)
    setTarget(null)
  }
  if (dashboard.tiles.length === 0) {
    return (
      <section className="panel" aria-label="Tiles">
        <EmptyState text="No tiles yet. Add a saved query to show its result as a chart.">
          {canWrite && (
            <button type="button" className="btn primary" onClick={onAdd}>
              Add a saved query
            </button>
          )}
        </EmptyState>
      </section>
    )
  }
  return (
    <>
      <p className="sr" role="status">
        {told}
      </p>
      <div className="tiles">
        {dashboard.tiles.map((tile, at) => (
          <TileView
            key={tile.id}
            dashboard={dashboard}
            tile={tile}
            at={at}
            canWrite={canWrite}
            changes={changes}
            onMove={(to) => move(at, to)}
            drag={{
              state: dragged === at ? 'dragged' : target === at && dragged !== null ? 'target' : '',
              start: () => setDragged(at),
              over: () => setTarget(at),
              drop: () => {
                if (dragged !== null && dragged !== at) move(dragged, at)
                end()
              },
              end,
            }}
          />
        ))}
      </div>
    </>
  )
}

function Rename({ dashboard, changes, onClose }: { dashboard: Dashboard; changes: DashboardChanges; onClose: () => void }) {
  const [name, setName] = useState(dashboard.name)
  return (
    <Dialog title="Rename this dashboard" open onOpenChange={(open) => !open && onClose()}>
      <form
        className="form-stack"
        onSubmit={(event) => {
          event.preventDefault()
          void withErrorToast(async () => {
            await changes.change({ name })
            onClose()
          })
        }}
      >
        <TextField label="Name" value={name} maxLength={200} autoFocus required onChange={(event) => setName(event.target.value)} />
        <footer>
          <button type="submit" className="btn primary" disabled={!name.trim()}>
            Rename
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

export function DashboardPage() {
  const { dashboard: id } = route.useParams()
  const { project } = useProjectScope()
  const found = useQuery(dashboardQuery(id))
  const changes = useDashboardChanges(id)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [open, setOpen] = useState<'add' | 'rename' | 'delete' | null>(null)
  const canWrite = project.role !== 'viewer'
  const close = () => setOpen(null)
  const refresh = (dashboard: Dashboard) =>
    dashboard.tiles.filter((tile) => !tile.hidden).forEach((tile) => void withErrorToast(async () => queries.setQueryData(['dashboards', id, 'data', tile.id], await freshTile(id, tile.id))))
  const actions = found.data && (
    <>
      <button type="button" className="btn icon" aria-label="Refresh all" onClick={() => found.data && refresh(found.data)}>
        <RefreshCw className="i" aria-hidden="true" />
      </button>
      {canWrite && (
        <>
          <span className="hide-p">
            <SelectField label="Refresh" hideLabel value={String(found.data.refresh_seconds)} onChange={(value) => void withErrorToast(() => changes.change({ refresh_seconds: refreshSeconds(value) }))} options={REFRESH_OPTIONS} />
          </span>
          <button type="button" className="btn primary" onClick={() => setOpen('add')}>
            <Plus className="i" aria-hidden="true" />
            Add
          </button>
          <Menu
            align="end"
            trigger={
              <button type="button" className="btn ghost icon" aria-label="Dashboard actions">
                <Ellipsis className="i" aria-hidden="true" />
              </button>
            }
          >
            <MenuItem onSelect={() => setOpen('rename')}>Rename</MenuItem>
            <MenuItem danger onSelect={() => setOpen('delete')}>
              Delete
            </MenuItem>
          </Menu>
        </>
      )}
    </>
  )
  return (
    <PageFrame title={found.data?.name ?? 'Dashboard'} actions={actions}>
      <Loaded query={found}>
        {(dashboard) => (
          <>
            <Tiles dashboard={dashboard} canWrite={canWrite} changes={changes} onAdd={() => setOpen('add')} />
            {open === 'add' && <AddTiles dashboard={dashboard} changes={changes} onClose={close} />}
            {open === 'rename' && <Rename dashboard={dashboard} changes={changes} onClose={close} />}
            <ConfirmDialog
              title={`Delete ${dashboard.name}?`}
              text="Its tiles are deleted. The saved queries stay."
              action="Delete dashboard"
              open={open === 'delete'}
              onOpenChange={(next) => !next && close()}
              onConfirm={async () => {
                await changes.remove()
                await navigate({ to: '/p/$project/dashboards', params: { project: project.id } })
              }}
            />
          </>
        )}
      </Loaded>
    </PageFrame>
  )
}
