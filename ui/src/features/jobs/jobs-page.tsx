// Owns the list of jobs, of one project or of all.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Job, RunState } from '@/api/types'
import { SelectField } from '@/components/field'
import { Bar, StateChip } from '@/components/marks'
import { PageFrame, Panel, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { ago } from '@/lib/format'
import { isUnfinished, progressPart, progressText } from '@/lib/jobs'
import { useListKeys } from '@/lib/list-keys'
import { useProjectScope } from '@/lib/project-scope'
import { JobActions } from './job-actions'
import { jobsQuery } from './api'

const STATES = [
  { value: '', label: 'All states' },
  { value: 'running', label: 'Running' },
  { value: 'pending', label: 'Waiting' },
  { value: 'completed', label: 'Done' },
  { value: 'failed', label: 'Failed' },
  { value: 'cancelled', label: 'Cancelled' },
] as const

function JobRow({ job, project }: { job: Job; project: string | undefined }) {
  const link = project ? ({ to: '/p/$project/jobs/$job', params: { project, job: job.id } } as const) : ({ to: '/jobs/$job', params: { job: job.id } } as const)
  return (
    <tr>
      <td>
        <Link {...link} data-row className="font-medium hover:underline">
          {job.title}
        </Link>
      </td>
      <td>
        <StateChip state={job.state} />
      </td>
      <td className="w-40">{isUnfinished(job) && <Bar part={progressPart(job)} label={`Progress of ${job.title}`} />}</td>
      <td className="dim cut max-w-72">{progressText(job)}</td>
      <td className="num">
        {job.attempts} of {job.max_attempts}
      </td>
      <td className="dim">{ago(job.created_at)}</td>
      <td className="num">
        <JobActions job={job} />
      </td>
    </tr>
  )
}

function JobTable({ jobs, project }: { jobs: Job[]; project: string | undefined }) {
  const list = useListKeys()
  if (jobs.length === 0) return <EmptyState text="No jobs yet. Scans, snapshots and transfers appear here." />
  return (
    <TableScroll label="Jobs">
      <table className="table tall" ref={list}>
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">State</th>
            <th scope="col">Progress</th>
            <th scope="col">Status</th>
            <th scope="col" className="num">
              Attempts
            </th>
            <th scope="col">Started</th>
            <th scope="col">
              <span className="sr">Action</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <JobRow key={job.id} job={job} project={project} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

function JobsList({ project }: { project: string | undefined }) {
  const [state, setState] = useState<RunState | ''>('')
  const jobs = useInfiniteQuery(jobsQuery(project, state || undefined))
  return (
    <PageFrame
      title="Jobs"
      actions={<SelectField label="State" hideLabel value={state} options={STATES} onChange={(value) => setState(value as RunState | '')} />}
    >
      <Panel title={project ? 'Jobs of this project' : 'Jobs of all projects'}>
        <Loaded query={jobs}>{(data) => <JobTable jobs={data.pages.flatMap((page) => page.items)} project={project} />}</Loaded>
      </Panel>
      {jobs.hasNextPage && (
        <button type="button" className="btn self-center" disabled={jobs.isFetchingNextPage} onClick={() => void jobs.fetchNextPage()}>
          Show older jobs
        </button>
      )}
    </PageFrame>
  )
}

export function AllJobsPage() {
  return <JobsList project={undefined} />
}

export function ProjectJobsPage() {
  return <JobsList project={useProjectScope().project.id} />
}
