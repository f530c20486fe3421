// Owns the requests of policies, their runs and alerts.
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { PolicyOrder } from '@/api/types'
import { api } from '@/lib/http'
import { asApiError } from '@/lib/problem'

const OFTEN_MS = 15_000

const of = (database: string) => ({ path: { database_id: database } })

/** The policy of a database; null when it has none. */
export const policyQuery = (database: string) =>
  queryOptions({
    queryKey: ['policies', database],
    queryFn: ({ signal }) =>
      api.get('/databases/{database_id}/policy', { params: of(database), signal }).catch((error: unknown) => {
        if (asApiError(error).status === 404) return null
        throw error
      }),
    refetchInterval: OFTEN_MS,
    retry: false,
  })

/** What a policy would do that is not set yet. */
export const previewQuery = (database: string, policy: PolicyOrder | null) =>
  queryOptions({
    queryKey: ['policies', database, 'preview', policy],
    queryFn: ({ signal }) => api.post('/databases/{database_id}/policy/preview', { params: of(database), body: { policy }, signal }),
    enabled: policy !== null,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 0,
  })

export const runsQuery = (database: string) =>
  queryOptions({
    queryKey: ['policies', database, 'runs'],
    queryFn: async ({ signal }) => (await api.get('/databases/{database_id}/policy/runs', { params: { ...of(database), query: { limit: 12 } }, signal })).items,
    refetchInterval: OFTEN_MS,
  })

function useChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  const onSuccess = () => Promise.all(['policies', 'snapshots', 'alerts'].map((key) => queries.invalidateQueries({ queryKey: [key] })))
  return useMutation({ mutationFn: change, onSuccess })
}

export const usePutPolicy = (database: string) => useChange((policy: PolicyOrder) => api.put('/databases/{database_id}/policy', { params: of(database), body: policy }))

export const useDeletePolicy = (database: string) => useChange(() => api.delete('/databases/{database_id}/policy', { params: of(database) }))

export const useRunPolicy = (database: string) => useChange(() => api.post('/databases/{database_id}/policy/runs', { params: of(database) }))

export const useAcknowledge = () => useChange((id: string) => api.post('/alerts/{alert_id}/acknowledge', { params: { path: { alert_id: id } } }))
