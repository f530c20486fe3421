// Owns the requests about jobs that several features share: lists, and what a job's progress says.
import { queryOptions } from '@tanstack/react-query'
import type { Job, Page } from '@/api/types'
import { seconds } from './format'
import { api } from './http'

const POLL_MS = 5000

/** The latest jobs, of one project or of all; looks again while one is not finished. */
export const recentJobsQuery = (project: string | undefined, limit = 6) =>
  queryOptions({
    queryKey: ['jobs', 'recent', project ?? '', limit],
    queryFn: async ({ signal }) => (await api.get<Page<Job>>('/jobs', { project_id: project, limit }, signal)).items,
    refetchInterval: (query) => (query.state.data?.some(isUnfinished) ? POLL_MS : false),
  })

export const isUnfinished = (job: Job): boolean => job.state === 'pending' || job.state === 'running'

/** The part that is done, 0 to 1. */
export function progressPart(job: Job): number {
  if (job.state === 'completed') return 1
  const { done, total } = job.progress
  return total ? Math.min(1, done / total) : 0
}

function took(job: Job): string {
  if (!job.started_at || !job.finished_at) return 'Done'
  return `Done in ${seconds((Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000)}`
}

/** "64%", or what the job is waiting for or has ended as. */
export function progressText(job: Job): string {
  if (job.state === 'pending') return 'Waits for a worker'
  if (job.state === 'failed') return job.error ?? 'Failed'
  if (job.state === 'cancelled') return 'Cancelled'
  if (job.state === 'completed') return took(job)
  return job.progress.message ?? job.progress.phase ?? ''
}
