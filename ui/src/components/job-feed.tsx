// Owns the short list of the latest jobs.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Ban, Check, CircleDashed, RotateCw, X } from 'lucide-react'
import type { Job, RunState } from '@/api/types'
import { ago } from '@/lib/format'
import { isUnfinished, progressPart, progressText, recentJobsQuery } from '@/lib/jobs'
import { Bar } from './marks'
import { Panel } from './page'
import { EmptyState, Loaded } from './states'

const ICONS: Record<RunState, { icon: typeof Check; tone: string }> = {
  pending: { icon: CircleDashed, tone: 'faint' },
  running: { icon: RotateCw, tone: '' },
  completed: { icon: Check, tone: 't-add' },
  failed: { icon: X, tone: 't-del' },
  cancelled: { icon: Ban, tone: 'faint' },
}

function FeedItem({ job }: { job: Job }) {
  const { icon: Icon, tone } = ICONS[job.state]
  const part = progressPart(job)
  return (
    <li>
      <Icon className={`i ${tone}`} aria-hidden="true" />
      <div>
        <Link to="/jobs/$job" params={{ job: job.id }} className="cut hover:underline">
          {job.title}
        </Link>
        <span className="end small faint">{job.state === 'running' ? `${Math.round(part * 100)}%` : ago(job.finished_at ?? job.created_at)}</span>
        {isUnfinished(job) && <Bar part={part} label={`Progress of ${job.title}`} />}
        <p>{progressText(job)}</p>
      </div>
    </li>
  )
}

export function JobFeed({ project }: { project?: string }) {
  const jobs = useQuery(recentJobsQuery(project))
  return (
    <Panel
      title="Jobs"
      aside={
        <Link to="/jobs" className="link">
          All jobs
        </Link>
      }
    >
      <Loaded query={jobs} rows={4}>
        {(items) =>
          items.length === 0 ? (
            <EmptyState text="No jobs yet. A scan shows up here while it runs." />
          ) : (
            <ul className="feed">
              {items.map((job) => (
                <FeedItem key={job.id} job={job} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  )
}
