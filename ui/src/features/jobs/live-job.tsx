// Owns a job as the side panel shows it: how far it is, what it says, stopping it, the way to its log.
import { Link } from '@tanstack/react-router'
import type { Job } from '@/api/types'
import { Bar, StateChip } from '@/components/marks'
import { withErrorToast } from '@/lib/download'
import { count } from '@/lib/format'
import { useJobEvents } from '@/lib/job-events'
import { isUnfinished, progressPart, progressText } from '@/lib/jobs'
import { useJobAction } from './api'

const LINES = 5

/** The job as it is now: from its events while it runs, else as it was fetched. */
export function useLiveJob(job: Job | null): { job: Job | null; log: readonly { id: number; message: string }[] } {
  const live = useJobEvents(job && isUnfinished(job) ? job.id : null)
  return { job: live.job ?? job, log: live.log }
}

interface JobProgressProps {
  title: string
  job: Job
  log: readonly { id: number; message: string }[]
  canCancel: boolean
}

export function JobProgress({ title, job, log, canCancel }: JobProgressProps) {
  const { done, total, unit } = job.progress
  const running = job.state === 'running'
  const cancel = useJobAction('cancel')
  return (
    <section className="live" aria-live="polite">
      <div className="row">
        <h3 className="grow">{title}</h3>
        <StateChip state={job.state} />
      </div>
      <Bar part={progressPart(job)} label={`Progress of ${job.title}`} />
      <p className={job.state === 'failed' ? 't-del' : ''}>
        {progressText(job)}
        {running && total ? <span className="dim"> · {`${count(done ?? 0)} of ${count(total)} ${unit ?? ''}`}</span> : null}
      </p>
      {log.length > 0 && (
        <ul className="small dim">
          {log.slice(-LINES).map((line) => (
            <li key={line.id}>{line.message}</li>
          ))}
        </ul>
      )}
      <div className="row">
        {isUnfinished(job) && canCancel && (
          <button type="button" className="btn" disabled={job.cancel_requested} onClick={() => void withErrorToast(() => cancel.mutateAsync(job.id))}>
            {job.cancel_requested ? 'Stopping' : 'Cancel'}
          </button>
        )}
        <Link from="/p/$project" to="/p/$project/jobs/$job" params={{ job: job.id }} className="link">
          View log
        </Link>
      </div>
    </section>
  )
}
