// Owns the requests of branches.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { BranchRequest } from '@/api/types'
import { api, everyPage } from '@/lib/http'

const OFTEN_MS = 2000
const SELDOM_MS = 15_000
const MOST = 1000

const of = (database: string) => ({ path: { database_id: database } })

/** The branches of a database, newest first; looks often while one is being created. */
export const branchesQuery = (database: string) =>
  queryOptions({
    queryKey: ['branches', 'of', database],
    queryFn: ({ signal }) => everyPage((cursor) => api.get('/databases/{database_id}/branches', { params: { ...of(database), query: { cursor } }, signal }), MOST),
    refetchInterval: (query) => (query.state.data?.some((branch) => branch.state === 'creating') ? OFTEN_MS : SELDOM_MS),
  })

function useChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => Promise.all([queries.invalidateQueries({ queryKey: ['branches'] }), queries.invalidateQueries({ queryKey: ['databases'] })]),
  })
}

export const useCreateBranch = (database: string) => useChange((body: BranchRequest) => api.post('/databases/{database_id}/branches', { params: of(database), body }))

export const useResetBranch = () => useChange((database: string) => api.post('/branches/{database_id}/reset', { params: of(database) }))

export const useDeleteBranch = () => useChange((database: string) => api.delete('/databases/{database_id}', { params: of(database) }))

export const useCancelBranch = () => useChange((job: string) => api.post('/jobs/{job_id}/cancel', { params: { path: { job_id: job } } }))
