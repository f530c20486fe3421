// Owns what came of the times of a policy: taken, verified, drilled, or why not.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { PolicyRun } from '@/api/types'
import { moment, words } from '@/lib/format'
import { useDatabase } from '@/lib/database-scope'
import { runsQuery } from './api'

const KINDS: Record<PolicyRun['kind'], string> = { snapshot: 'Snapshot', verify: 'Verification', drill: 'Test restore' }
const TONES: Partial<Record<PolicyRun['outcome'], string>> = { complete: 'add', failed: 'del', damaged: 'del', missed: 'warn', skipped: 'warn' }

function Run({ run }: { run: PolicyRun }) {
  const { snapshot_id: snapshot, job_id: job } = run
  const name = KINDS[run.kind]
  return (
    <li>
      <p className="row">
        {run.kind === 'snapshot' && snapshot ? (
          <Link from="/p/$project/d/$database/backups" to="." search={(now) => ({ range: now.range, snapshot })} className="link">
            {name}
          </Link>
        ) : job ? (
          <Link from="/p/$project" to="/p/$project/jobs/$job" params={{ job }} className="link">
            {name}
          </Link>
        ) : (
          <span>{name}</span>
        )}
        <span className="dim">{moment(run.scheduled_for ?? run.created_at)}</span>
        <span className={`chip end ${TONES[run.outcome] ?? ''}`}>{words(run.outcome)}</span>
      </p>
      {run.detail && <p className="dim">{run.detail}</p>}
    </li>
  )
}

export function Runs() {
  const runs = useQuery(runsQuery(useDatabase().id)).data ?? []
  if (runs.length === 0) return null
  return (
    <section>
      <h3>Recent runs</h3>
      <ul className="runs small">
        {runs.map((run) => (
          <Run key={run.id} run={run} />
        ))}
      </ul>
    </section>
  )
}
