// Owns one job: its state, its progress, and its log as it is written.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Job, LogLine } from '@/api/types'
import { LogView } from '@/components/log-view'
import { Bar, StateChip } from '@/components/marks'
import { PageFrame, Panel } from '@/components/page'
import { Loaded } from '@/components/states'
import { ScanProgress } from '@/components/scan-progress'
import { moment } from '@/lib/format'
import { useJobEvents } from '@/lib/job-events'
import { progressPart, progressText } from '@/lib/jobs'
import { JobActions } from './job-actions'
import { jobLogQuery, jobQuery } from './api'

/** The stored lines and the live ones, each once, in order. */
function mergedLog(stored: LogLine[], live: LogLine[]): LogLine[] {
  const known = new Set(stored.map((line) => line.id))
  return [...stored, ...live.filter((line) => !known.has(line.id))]
}

function JobFacts({ job }: { job: Job }) {
  return (
    <Panel title="Details">
      <dl className="factlist">
        <dt>Kind</dt>
        <dd className="mono">{job.kind}</dd>
        <dt>Attempts</dt>
        <dd>
          {job.attempts} of {job.max_attempts}
        </dd>
        <dt>Created</dt>
        <dd>{moment(job.created_at)}</dd>
        <dt>Started</dt>
        <dd>{job.started_at ? moment(job.started_at) : 'not yet'}</dd>
        <dt>Finished</dt>
        <dd>{job.finished_at ? moment(job.finished_at) : 'not yet'}</dd>
        {job.project_id && (
          <>
            <dt>Project</dt>
            <dd>
              <Link to="/p/$project" params={{ project: job.project_id }} search={{ codebase: job.codebase_id ?? undefined }} className="link">
                Open the project
              </Link>
            </dd>
          </>
        )}
      </dl>
    </Panel>
  )
}

function JobView({ job, log }: { job: Job; log: LogLine[] }) {
  const part = progressPart(job)
  return (
    <PageFrame title={job.title} subtitle={<StateChip state={job.state} />} actions={<JobActions job={job} />}>
      {job.progress.detail?.phases ? (
        <ScanProgress job={job} />
      ) : (
        <section className="panel progress" aria-label="Progress">
          <p>
            <span className="big">{Math.round(part * 100)}%</span> <span className="dim">{progressText(job)}</span>
          </p>
          <Bar part={part} label="Progress" />
        </section>
      )}
      <div className="cols-2">
        <LogView lines={log} title="Log" />
        <JobFacts job={job} />
      </div>
    </PageFrame>
  )
}

export function JobPage() {
  const { job: id = '' } = useParams({ strict: false })
  const stored = useQuery(jobQuery(id))
  const log = useQuery(jobLogQuery(id))
  const live = useJobEvents(id)
  const lines = useMemo(() => mergedLog(log.data ?? [], live.log), [log.data, live.log])
  return (
    <Loaded query={stored}>
      {(first) => <JobView job={live.job ?? first} log={lines} />}
    </Loaded>
  )
}
