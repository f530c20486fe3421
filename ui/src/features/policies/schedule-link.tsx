// Owns what the toolbar of the history says of the policy, and the way to its panel.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CalendarClock } from 'lucide-react'
import { moment } from '@/lib/format'
import { useDatabase } from '@/lib/database-scope'
import { policyQuery } from './api'
import { retentionText } from './draft'

export function ScheduleLink() {
  const policy = useQuery(policyQuery(useDatabase().id)).data
  const next = policy?.next[0]
  return (
    <>
      {policy?.retention && <span className="chip hide-p">{retentionText(policy.retention)}</span>}
      {policy?.paused && <span className="chip warn hide-p">Paused</span>}
      {next && <span className="chip hide-p">Next {moment(next)}</span>}
      <Link from="/p/$project/d/$database/backups" to="." search={(now) => ({ range: now.range, schedule: true })} className="btn">
        <CalendarClock className="i" aria-hidden="true" />
        Schedule
      </Link>
    </>
  )
}
