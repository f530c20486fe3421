// Owns the requests of policies, their runs and alerts.
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Alert, Page, Policy, PolicyOrder, PolicyPreview, PolicyRun } from '@/api/types'
import { api } from '@/lib/http'
import { asApiError } from '@/lib/problem'

const OFTEN_MS = 15_000

const pathOf = (database: string) => `/databases/${database}/policy`

/** The policy of a database; null when it has none. */
export const policyQuery = (database: string) =>
  queryOptions({
    queryKey: ['policies', database],
    queryFn: ({ signal }) =>
      api.get<Policy>(pathOf(database), {}, signal).catch((error: unknown) => {
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
    queryFn: ({ signal }) => api.post<PolicyPreview>(`${pathOf(database)}/preview`, { policy }, signal),
    enabled: policy !== null,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 0,
  })

export const runsQuery = (database: string) =>
  queryOptions({
    queryKey: ['policies', database, 'runs'],
    queryFn: async ({ signal }) => (await api.get<Page<PolicyRun>>(`${pathOf(database)}/runs`, { limit: 12 }, signal)).items,
    refetchInterval: OFTEN_MS,
  })

function useChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  const onSuccess = () => Promise.all(['policies', 'snapshots', 'alerts'].map((key) => queries.invalidateQueries({ queryKey: [key] })))
  return useMutation({ mutationFn: change, onSuccess })
}

export const usePutPolicy = (database: string) => useChange((policy: PolicyOrder) => api.put<Policy>(pathOf(database), policy))

export const useDeletePolicy = (database: string) => useChange(() => api.delete(pathOf(database)))

export const useRunPolicy = (database: string) => useChange(() => api.post<PolicyRun>(`${pathOf(database)}/runs`))

export const useAcknowledge = () => useChange((id: string) => api.post<Alert>(`/alerts/${id}/acknowledge`))
