// Owns the overview of a database: its facts, how to connect, its metrics and protection.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Copy, SquareTerminal } from 'lucide-react'
import { useState } from 'react'
import { toast } from 'sonner'
import type { Credentials, Database, MetricPoint } from '@/api/types'
import { PageFrame, Panel } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { ConfirmDialog } from '@/components/ui/dialog'
import { withErrorToast } from '@/lib/download'
import { useDatabase } from '@/lib/database-scope'
import { CONTENTS, isRelational } from '@/lib/dialects'
import { bytes, count, day, plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { credentialsOf, resetPassword, metricsQuery, useChangeDatabase, useDatabaseEngine, useSetDesiredState } from './api'
import { Sparkline } from './sparkline'
import { StateMark } from './state-mark'
import { TableCount } from './table-count'

/** 300 -> "5 minutes". */
function idleTime(seconds: number): string {
  if (seconds % 3600 === 0) return plural(seconds / 3600, 'hour')
  return seconds % 60 === 0 ? plural(seconds / 60, 'minute') : plural(seconds, 'second')
}

function Facts({ database }: { database: Database }) {
  const engine = useDatabaseEngine()
  const version = typeof database.facts['version'] === 'string' ? database.facts['version'] : database.options['version']
  return (
    <dl className="panel strip">
      <div>
        <dt>State</dt>
        <dd className="text-base">
          <StateMark database={database} />
        </dd>
      </div>
      <div>
        <dt>Engine</dt>
        <dd>
          {database.engine} <small>{version ? String(version) : ''}</small>
        </dd>
      </div>
      <div>
        <dt>Size</dt>
        <dd>{database.size_bytes === null ? '–' : bytes(database.size_bytes)}</dd>
      </div>
      <div>
        <dt>{CONTENTS[engine?.data_model ?? 'relational'].title}</dt>
        <dd><TableCount database={database} /></dd>
      </div>
    </dl>
  )
}

function Reach({ database }: { database: Database }) {
  const [found, setFound] = useState<Credentials | null>(null)
  if (database.connection) {
    const { host, port, database: name, user, tls_mode, ssh, proxy } = database.connection
    return (
      <dl className="pairs">
        <dt>Address</dt>
        <dd className="mono">{`${host}:${port ?? ''}/${name}`}</dd>
        <dt>User</dt>
        <dd className="mono">{user}</dd>
        <dt>TLS</dt>
        <dd>{tls_mode}</dd>
        {(ssh ?? proxy) && <dt>Route</dt>}
        {(ssh ?? proxy) && <dd className="mono">{ssh ?? proxy}</dd>}
      </dl>
    )
  }
  if (found === null) {
    return (
      <div className="p-4">
        <button type="button" className="btn" onClick={() => void withErrorToast(async () => setFound(await credentialsOf(database.id)))}>
          Show connection details
        </button>
        <p className="dim small mt-2">Any client can connect; a sleeping database wakes up. Viewing the password is recorded in the audit log.</p>
      </div>
    )
  }
  return (
    <>
      <dl className="pairs">
        {found.url !== null && <Copyable label="URL" text={found.url} />}
        <Copyable label="Terminal" text={found.command} />
      </dl>
      {found.url !== null && <ResetPassword database={database} onReset={setFound} />}
    </>
  )
}

function ResetPassword({ database, onReset }: { database: Database; onReset: (credentials: Credentials) => void }) {
  const [asking, setAsking] = useState(false)
  return (
    <div className="px-4 pb-4">
      <button type="button" className="btn" onClick={() => setAsking(true)}>
        Reset password
      </button>
      <ConfirmDialog
        title={`Reset the password of ${database.name}?`}
        text="Clients that use the present password can no longer connect until you change it there. Open connections stay open."
        action="Reset password"
        open={asking}
        onOpenChange={setAsking}
        onConfirm={async () => onReset(await resetPassword(database.id))}
      />
    </div>
  )
}

function Copyable({ label, text }: { label: string; text: string }) {
  return (
    <>
      <dt>{label}</dt>
      <dd className="row">
        <code className="cut">{text}</code>
        <button
          type="button"
          className="btn ghost icon"
          aria-label={`Copy: ${label}`}
          onClick={() => void navigator.clipboard.writeText(text).then(() => toast.success('Copied'))}
        >
          <Copy className="i" aria-hidden="true" />
        </button>
      </dd>
    </>
  )
}

const CHARTS: readonly { name: string; label: string; rate?: boolean; show: (value: number) => string }[] = [
  { name: 'size_bytes', label: 'Size', show: bytes },
  { name: 'connections', label: 'Connections', show: count },
  { name: 'keys', label: 'Keys', show: count },
  { name: 'commands', label: 'Commands per minute', rate: true, show: count },
  { name: 'commits', label: 'Transactions per minute', rate: true, show: count },
  { name: 'slow_queries', label: 'Slow queries (> 1 s)', show: count },
]

function series(points: MetricPoint[], name: string, rate: boolean): number[] {
  const values = points.map((point) => point.values[name] ?? 0)
  return rate ? values.slice(1).map((value, at) => Math.max(0, value - (values[at] ?? 0))) : values
}

function Metrics({ id }: { id: string }) {
  const metrics = useQuery(metricsQuery(id, 1))
  return (
    <Loaded query={metrics} rows={3}>
      {(points) =>
        points.length < 2 ? (
          <EmptyState text="Metrics appear after about two minutes." />
        ) : (
          <div className="charts">
            {CHARTS.filter(({ name }) => points.at(-1)?.values[name] !== undefined).map(({ name, label, rate, show }) => (
              <Sparkline key={name} label={label} values={series(points, name, rate ?? false)} show={show} />
            ))}
          </div>
        )
      }
    </Loaded>
  )
}

export function DatabasePage() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const steer = useSetDesiredState()
  const engine = useDatabaseEngine()
  const change = useChangeDatabase()
  const managed = database.origin === 'managed'
  const canWrite = project.role !== 'viewer'
  const awake = database.state === 'running'
  return (
    <PageFrame
      title={database.name}
      actions={
        <>
          {managed && canWrite && (
            <button
              type="button"
              className="btn"
              disabled={steer.isPending}
              onClick={() => void withErrorToast(() => steer.mutateAsync({ id: database.id, state: awake ? 'asleep' : 'running' }))}
            >
              {awake ? 'Put to sleep' : 'Start'}
            </button>
          )}
          <Link to="/p/$project/d/$database/sql" params={{ project: project.id, database: database.id }} className="btn primary">
            <SquareTerminal className="i" aria-hidden="true" />
            {isRelational(engine) ? 'Open SQL' : 'Open the editor'}
          </Link>
        </>
      }
    >
      {database.state_reason && <p className="note t-del">{database.state_reason}</p>}
      <Facts database={database} />
      <div className="cols-2">
        <Panel title="Last hour">{managed ? <Metrics id={database.id} /> : <EmptyState text="Metrics are available for databases that Headwater runs." />}</Panel>
        <div className="stack">
          <Panel title="Connect">{canWrite || !managed ? <Reach database={database} /> : <EmptyState text="Viewers cannot see credentials." />}</Panel>
          <Panel title="Protection">
            <div className="p-4 form-stack">
              <label className="row">
                <input
                  type="checkbox"
                  checked={database.protected}
                  disabled={!canWrite}
                  onChange={(event) => void withErrorToast(() => change.mutateAsync({ id: database.id, protected: event.target.checked }))}
                />
                Ask before every write and block deletion
              </label>
              {managed && engine?.port !== 0 && (
                <label className="row">
                  <input
                    type="checkbox"
                    checked={database.tls_required}
                    disabled={!canWrite}
                    onChange={(event) => void withErrorToast(() => change.mutateAsync({ id: database.id, tls_required: event.target.checked }))}
                  />
                  Refuse clients without TLS
                </label>
              )}
              {managed && <p className="dim">{database.sleep_after_seconds ? `Sleeps after ${idleTime(database.sleep_after_seconds)} idle.` : 'Never sleeps.'}</p>}
              <p className="dim">Created {day(database.created_at)}.</p>
            </div>
          </Panel>
        </div>
      </div>
    </PageFrame>
  )
}
