// Owns the requests of jobs.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { RunState } from '@/api/types'
import { api, everyPage } from '@/lib/http'
import { isUnfinished } from '@/lib/jobs'

const of = (job: string) => ({ path: { job_id: job } })

/** The jobs running now; looks often while there are some, seldom while there are none. */
export const runningJobsQuery = () =>
  queryOptions({
    queryKey: ['jobs', 'running'],
    queryFn: async ({ signal }) => (await api.get('/jobs', { params: { query: { state: 'running', limit: 20 } }, signal })).items,
    refetchInterval: (query) => (query.state.data?.length ? 3000 : 15_000),
  })

export const jobsQuery = (project: string | undefined, state: RunState | undefined) =>
  infiniteQueryOptions({
    queryKey: ['jobs', 'list', project ?? '', state ?? ''],
    queryFn: ({ pageParam, signal }) => api.get('/jobs', { params: { query: { project_id: project, state, limit: 50, cursor: pageParam } }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some(isUnfinished)) ? 4000 : false),
  })

export const jobQuery = (id: string) =>
  queryOptions({ queryKey: ['jobs', 'one', id], queryFn: ({ signal }) => api.get('/jobs/{job_id}', { params: of(id), signal }) })

export const jobLogQuery = (id: string) =>
  queryOptions({ queryKey: ['jobs', 'log', id], queryFn: ({ signal }) => everyPage((cursor) => api.get('/jobs/{job_id}/log', { params: { ...of(id), query: { limit: 200, cursor } }, signal }), 5000) })

/** Asks a job to stop, or starts a failed one again. */
export function useJobAction(action: 'cancel' | 'retry') {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.post(action === 'cancel' ? '/jobs/{job_id}/cancel' : '/jobs/{job_id}/retry', { params: of(id) }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['jobs'] }),
  })
}
