// Owns the restore wizard: the target, the tables, and exactly what will change before anything does.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { RotateCcw } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import type { Database, RestoreOrder, SnapshotDetail } from '@/api/types'
import { ErrorNote, Loaded } from '@/components/states'
import { databasesQuery, enginesQuery } from '@/features/databases/api'
import { useDatabase } from '@/lib/database-scope'
import { bytes, plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { planQuery, snapshotQuery, useRestore } from './api'
import { PlannedChanges } from './planned-changes'
import { Drawer } from '@/components/drawer'
import { sourceName } from './timeline-data'
import { restoreLabel, selectableTables, restoreRequest, type Choice } from './restore-request'
import { freeName } from '@/lib/database-name'
import { tableName } from '@/lib/table-name'
import { TableChecks } from '@/components/table-checks'
import { RestoreTarget } from './restore-target'

const route = getRouteApi('/shell/p/$project/d/$database/backups')

interface WizardProps {
  snapshot: SnapshotDetail
  databases: Database[]
  /** Why no new database of the engine can be made; null when one can. */
  unavailable: string | null
  onClose: () => void
}

function Wizard({ snapshot, databases, unavailable, onClose }: WizardProps) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const navigate = route.useNavigate()
  const taken = databases.map((one) => one.name)
  const [choice, setChoice] = useState<Choice>({ where: unavailable === null ? 'new' : 'empty', name: freeName(snapshot.database_name, taken), target: '', mode: 'overwrite', tables: null, confirmed: false })
  const choices = selectableTables(snapshot.contents, choice.where)
  const names = choices.map(tableName)
  const order = restoreRequest(choice, { project: project.id, database: database.id }, taken)
  const asked = useDeferredValue(JSON.stringify(order))
  const plan = useQuery(planQuery(snapshot.id, JSON.parse(asked) as RestoreOrder | null))
  const restore = useRestore(snapshot.id)
  const target = choice.where === 'over' ? database : choice.where === 'empty' ? databases.find((one) => one.id === choice.target) : undefined
  const guarded = target?.protected ?? false
  const chosen = choice.tables ?? new Set(names)
  const patch = (part: Partial<Choice>) => setChoice((now) => ({ ...now, confirmed: false, ...part }))
  const current = asked === JSON.stringify(order) && !plan.isFetching && !plan.error
  const ready = order !== null && current && plan.data?.refusals.length === 0
  const begin = () => {
    if (order) restore.mutate(order, { onSuccess: (made) => void navigate({ search: (now) => ({ ...now, restore: undefined, run: made.id }) }) })
  }
  return (
    <>
      <section>
        <code>{sourceName(snapshot)}</code>
        <p className="small dim">
          {snapshot.label && `${snapshot.label}. `}
          {bytes(snapshot.stored_bytes)} in {plural(snapshot.tables, 'table')}, {plural(snapshot.rows, 'row')}.
        </p>
      </section>
      <RestoreTarget snapshot={snapshot} choice={choice} databases={databases} unavailable={unavailable} onChange={patch} />
      <section>
        <div className="row pb-2">
          <h3 className="m-0">Tables</h3>
          <span className="end small dim">
            {chosen.size} of {names.length}
          </span>
          <button type="button" className="link small" onClick={() => patch({ tables: chosen.size === names.length ? new Set() : null })}>
            {chosen.size === names.length ? 'None' : 'All'}
          </button>
        </div>
        <TableChecks
          label="Tables to restore"
          tables={choices.map((one) => ({ name: tableName(one), rows: one.rows }))}
          chosen={chosen}
          onChange={(now) => patch({ tables: now.size === names.length ? null : now })}
        />
      </section>
      {order && plan.data && !plan.error && <PlannedChanges plan={plan.data} guarded={guarded} confirmed={choice.confirmed} onConfirm={(confirmed) => patch({ confirmed })} />}
      {order && plan.error && (
        <section>
          <ErrorNote error={plan.error} retry={() => void plan.refetch()} />
        </section>
      )}
      {restore.error && (
        <section>
          <ErrorNote error={restore.error} />
        </section>
      )}
      <footer>
        <button type="button" className="btn primary grow" disabled={!ready || restore.isPending} onClick={begin}>
          <RotateCcw className="i" aria-hidden="true" />
          <span className="cut">{restore.isPending ? 'Starting…' : restoreLabel(choice, database.name, target?.name)}</span>
        </button>
        <button type="button" className="btn" onClick={onClose}>
          Cancel
        </button>
      </footer>
    </>
  )
}

export function RestorePanel({ id, onClose, onCancel }: { id: string; onClose: () => void; onCancel: () => void }) {
  const { project } = useProjectScope()
  const snapshot = useQuery(snapshotQuery(id))
  const databases = useQuery(databasesQuery(project.id))
  const engines = useQuery(enginesQuery())
  const unavailable = engines.data?.find((one) => one.name === snapshot.data?.engine)?.unavailable ?? null
  const found = snapshot.data && databases.data && engines.data ? { snapshot: snapshot.data, databases: databases.data, unavailable } : undefined
  const refetch = () => Promise.all([snapshot.refetch(), databases.refetch(), engines.refetch()])
  return (
    <Drawer title="Restore" onClose={onClose}>
      <Loaded query={{ data: found, error: snapshot.error ?? databases.error ?? engines.error, refetch }} rows={10}>
        {(given) => <Wizard key={id} {...given} onClose={onCancel} />}
      </Loaded>
    </Drawer>
  )
}
