// Owns the list of open alerts: what happened to which database, and the way there. Nothing is shown when there are none.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { TriangleAlert } from 'lucide-react'
import type { Alert } from '@/api/types'
import { alertTitle, openAlertsQuery } from '@/lib/alerts'
import { ago } from '@/lib/format'
import { Panel } from './page'

function FeedItem({ alert }: { alert: Alert }) {
  return (
    <li>
      <TriangleAlert className="i t-warn" aria-hidden="true" />
      <div>
        {alert.project_id ? (
          <Link to="/p/$project/d/$database/backups" params={{ project: alert.project_id, database: alert.database_id }} search={{ schedule: undefined }} className="cut hover:underline">
            {alert.database_name}
          </Link>
        ) : (
          <span className="cut">{alert.database_name}</span>
        )}
        <span className="end small faint">{ago(alert.last_at)}</span>
        <p>
          {alertTitle(alert)}. {alert.message}
        </p>
      </div>
    </li>
  )
}

export function AlertFeed({ project }: { project?: string }) {
  const alerts = useQuery(openAlertsQuery()).data ?? []
  const shown = alerts.filter((one) => project === undefined || one.project_id === project)
  if (shown.length === 0) return null
  return (
    <Panel title="Alerts">
      <ul className="feed">
        {shown.map((one) => (
          <FeedItem key={one.id} alert={one} />
        ))}
      </ul>
    </Panel>
  )
}
