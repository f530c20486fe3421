// Owns the databases of a project: their list, creating one, connecting one, starting, stopping, deleting.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Ellipsis, Plug, Plus, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import type { Database } from '@/api/types'
import { PageFrame, Panel, TableHead, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Menu, MenuItem, MenuSeparator } from '@/components/ui/menu'
import { withErrorToast } from '@/lib/download'
import { alertCounts, openAlertsQuery } from '@/lib/alerts'
import { bytes, day, plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { databasesQuery, useDeleteDatabase, useSetDesiredState, useRestoreDeletedDatabase } from './api'
import { ConnectDialog } from './connect-dialog'
import { NewDatabaseDialog } from './new-database-dialog'
import { StateMark } from './state-mark'
import { TableCount } from './table-count'

function RowMenu({ database, canDelete }: { database: Database; canDelete: boolean }) {
  const [asking, setAsking] = useState(false)
  const steer = useSetDesiredState()
  const remove = useDeleteDatabase()
  const to = (state: 'running' | 'asleep' | 'stopped') => void withErrorToast(() => steer.mutateAsync({ id: database.id, state }))
  const managed = database.origin === 'managed'
  return (
    <>
      <Menu
        align="end"
        trigger={
          <button type="button" className="btn ghost icon" aria-label={`More about ${database.name}`}>
            <Ellipsis className="i" aria-hidden="true" />
          </button>
        }
      >
        {managed && (
          <>
            <MenuItem disabled={database.state === 'running'} onSelect={() => to('running')}>
              Start
            </MenuItem>
            <MenuItem disabled={database.state === 'asleep'} onSelect={() => to('asleep')}>
              Put to sleep
            </MenuItem>
            <MenuItem disabled={database.state === 'stopped'} onSelect={() => to('stopped')}>
              Stop
            </MenuItem>
            <MenuSeparator />
          </>
        )}
        <MenuItem danger disabled={!canDelete} onSelect={() => setAsking(true)}>
          {managed ? 'Delete database' : 'Remove connection'}
        </MenuItem>
      </Menu>
      <ConfirmDialog
        title={managed ? `Delete ${database.name}?` : `Remove ${database.name}?`}
        text={managed ? 'Its clients are disconnected now. You can restore it for seven days.' : 'The database itself is not changed.'}
        action={managed ? 'Delete database' : 'Remove connection'}
        open={asking}
        onOpenChange={setAsking}
        onConfirm={() => remove.mutateAsync(database.id)}
      />
    </>
  )
}

function DatabaseRow({ database, role, alerts }: { database: Database; role: string; alerts: number }) {
  const { project } = useProjectScope()
  return (
    <tr>
      <td className="w-full max-w-0">
        <span className="row">
          <Link to="/p/$project/d/$database" params={{ project: project.id, database: database.id }} className="cut max-w-full shrink-0 font-medium hover:underline">
            {database.name}
          </Link>
          {database.protected && <span className="chip">protected</span>}
          {database.read_only && <span className="chip">read only</span>}
          {alerts > 0 && (
            <Link to="/p/$project/d/$database/backups" params={{ project: project.id, database: database.id }} search={{ schedule: undefined }} className="chip warn">
              <TriangleAlert className="i" aria-hidden="true" />
              {plural(alerts, 'alert')}
            </Link>
          )}
          {database.state_reason && <span className="t-del cut hide-p">{database.state_reason}</span>}
        </span>
      </td>
      <td className="hide-p">{database.engine}</td>
      <td>
        <StateMark database={database} />
      </td>
      <td className="num hide-p"><TableCount database={database} /></td>
      <td className="num hide-p">{database.size_bytes === null ? '–' : bytes(database.size_bytes)}</td>
      <td className="hide-p dim">{day(database.created_at)}</td>
      <td>{role !== 'viewer' && <RowMenu database={database} canDelete={role !== 'member' && !database.protected} />}</td>
    </tr>
  )
}

function DatabaseTable({ databases, role }: { databases: Database[]; role: string }) {
  const alerts = alertCounts(useQuery(openAlertsQuery()).data ?? [])
  return (
    <TableScroll label="Databases">
      <table className="table tall">
        <TableHead
          columns={[
            { name: 'Name' },
            { name: 'Engine', className: 'hide-p' },
            { name: 'State' },
            { name: 'Tables', className: 'num hide-p' },
            { name: 'Size', className: 'num hide-p' },
            { name: 'Created', className: 'hide-p' },
            { name: 'More', unseen: true },
          ]}
        />
        <tbody>
          {databases.map((database) => (
            <DatabaseRow key={database.id} database={database} role={role} alerts={alerts.get(database.id) ?? 0} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

function Deleted({ databases }: { databases: Database[] }) {
  const undo = useRestoreDeletedDatabase()
  if (databases.length === 0) return null
  return (
    <Panel title="Deleted" aside={<span className="hide-p">Permanently deleted when the grace period ends</span>}>
      <ul className="list">
        {databases.map((database) => (
          <li key={database.id} className="row p-2 px-4">
            <span className="cut grow">{database.name}</span>
            <span className="dim small">until {database.purge_at ? day(database.purge_at) : 'soon'}</span>
            <button type="button" className="btn" onClick={() => void withErrorToast(() => undo.mutateAsync(database.id))}>
              Restore
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

export function DatabasesPage() {
  const { project } = useProjectScope()
  const [open, setOpen] = useState<'new' | 'connect' | null>(null)
  const databases = useQuery(databasesQuery(project.id))
  const deleted = useQuery(databasesQuery(project.id, true))
  const canWrite = project.role !== 'viewer'
  const actions = canWrite && (
    <>
      <button type="button" className="btn" onClick={() => setOpen('connect')}>
        <Plug className="i" aria-hidden="true" />
        Connect
      </button>
      <button type="button" className="btn primary" onClick={() => setOpen('new')}>
        <Plus className="i" aria-hidden="true" />
        New database
      </button>
    </>
  )
  return (
    <PageFrame title="Databases" actions={actions}>
      <Loaded query={databases}>
        {(items) => (
          <Panel title="Databases">
            {items.length === 0 ? (
              <EmptyState text="No databases yet. Create an empty one, or connect an existing one." />
            ) : (
              <DatabaseTable databases={items} role={project.role} />
            )}
          </Panel>
        )}
      </Loaded>
      <Deleted databases={deleted.data ?? []} />
      {open === 'new' && <NewDatabaseDialog project={project.id} onClose={() => setOpen(null)} />}
      {open === 'connect' && <ConnectDialog project={project.id} onClose={() => setOpen(null)} />}
    </PageFrame>
  )
}
