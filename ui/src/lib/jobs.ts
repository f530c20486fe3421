// Owns the requests about jobs that several features share: lists, and what a job's progress says.
import { queryOptions } from '@tanstack/react-query'
import type { Job, PhaseProgress, ScanDetail } from '@/api/types'
import { seconds, words } from './format'
import { api } from './http'

const POLL_MS = 5000

/** The latest jobs, of one project or of all; looks again while one is not finished. */
export const recentJobsQuery = (project: string | undefined, limit = 6) =>
  queryOptions({
    queryKey: ['jobs', 'recent', project ?? '', limit],
    queryFn: async ({ signal }) => (await api.get('/jobs', { params: { query: { project_id: project, limit } }, signal })).items,
    refetchInterval: (query) => (query.state.data?.some(isUnfinished) ? POLL_MS : false),
  })

export const isUnfinished = (job: Job): boolean => job.state === 'pending' || job.state === 'running'

/** How a scan's time is spent, measured on a repository of 3,900 files: without it the bar would start anew in each phase. */
const SHARES: Record<string, number> = { intake: 0.04, facts: 0.42, symbols: 0.06, schema: 0.03, types: 0.06, usages: 0.36, resolve: 0.03 }

const phaseShare = (phase: PhaseProgress): number => SHARES[phase.name] ?? 0

/** The part of one phase that is done, 0 to 1. */
export function phasePart(phase: PhaseProgress): number {
  if (phase.state !== 'now') return phase.state === 'done' ? 1 : 0
  return phase.total ? Math.min(1, (phase.done ?? 0) / phase.total) : 0
}

/** What a scan reports beyond a number. The API calls it an object without saying more, hence the cast. */
export const scanDetail = (job: Job): ScanDetail => (job.progress.detail ?? {}) as ScanDetail

/** The part that is done, 0 to 1; of a scan, over all its phases. */
export function progressPart(job: Job): number {
  if (job.state === 'completed') return 1
  const { phases } = scanDetail(job)
  if (phases?.length) return phases.reduce((sum, phase) => sum + phaseShare(phase) * phasePart(phase), 0)
  const { done, total } = job.progress
  return total ? Math.min(1, done / total) : 0
}

function took(job: Job): string {
  if (!job.started_at || !job.finished_at) return 'Done'
  return `Done in ${seconds((Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000)}`
}

/** "64%", or what the job is waiting for or has ended as. */
export function progressText(job: Job): string {
  if (job.state === 'pending') return 'Waiting for a worker'
  if (job.state === 'failed') return job.error ?? 'Failed'
  if (job.state === 'cancelled') return 'Cancelled'
  if (job.state === 'completed') return took(job)
  return job.progress.message || words(job.progress.phase ?? '')
}
