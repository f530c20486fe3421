// Owns the open alerts of one database, at the head of its history: what happened, the way there, saying that one knows.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { TriangleAlert } from 'lucide-react'
import type { Alert } from '@/api/types'
import { alertTitle, openAlertsQuery } from '@/lib/alerts'
import { useDatabase } from '@/lib/database-scope'
import { withErrorToast } from '@/lib/download'
import { ago } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { useAcknowledge } from './api'

function Item({ alert, canAcknowledge }: { alert: Alert; canAcknowledge: boolean }) {
  const acknowledge = useAcknowledge()
  const { job_id: job, snapshot_id: snapshot } = alert
  return (
    <li className="note">
      <TriangleAlert className="i t-warn" aria-hidden="true" />
      <div className="grow min-w-0">
        <p>
          <b className="font-semibold">{alertTitle(alert)}</b> <span className="dim small">{ago(alert.last_at)}</span>
        </p>
        <p className="dim">{alert.message}</p>
        <p className="row">
          {snapshot && (
            <Link from="/p/$project/d/$database/backups" to="." search={(now) => ({ range: now.range, snapshot })} className="link small">
              Snapshot
            </Link>
          )}
          {job && (
            <Link from="/p/$project" to="/p/$project/jobs/$job" params={{ job }} className="link small">
              View log
            </Link>
          )}
        </p>
      </div>
      {canAcknowledge && (
        <button type="button" className="btn" disabled={acknowledge.isPending} onClick={() => void withErrorToast(() => acknowledge.mutateAsync(alert.id))}>
          Acknowledge
        </button>
      )}
    </li>
  )
}

export function Alerts() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const alerts = (useQuery(openAlertsQuery()).data ?? []).filter((one) => one.database_id === database.id)
  if (alerts.length === 0) return null
  return (
    <section aria-label="Alerts" className="p-4">
      <ul className="stack gap-2">
        {alerts.map((one) => (
          <Item key={one.id} alert={one} canAcknowledge={project.role !== 'viewer'} />
        ))}
      </ul>
    </section>
  )
}
