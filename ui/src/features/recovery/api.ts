// Owns the requests of recovery: what is kept of a database, base backups, points, and databases brought back.
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Job, Recovered, RecoverOrder, RecoverPlan, RecoveryStatus, RecoveryWish } from '@/api/types'
import { api } from '@/lib/http'

const OFTEN_MS = 2000
const SELDOM_MS = 20_000

/** What is kept of a database; looks often while a base backup is being made. */
export const recoveryQuery = (database: string) =>
  queryOptions({
    queryKey: ['recovery', database],
    queryFn: ({ signal }) => api.get<RecoveryStatus>(`/databases/${database}/recovery`, {}, signal),
    refetchInterval: (query) => (query.state.data?.bases.some((one) => one.status === 'taking') ? OFTEN_MS : SELDOM_MS),
  })

/** What a recovery would do, asked of the server; nothing is asked before the order is whole. */
export const recoverPlanQuery = (database: string, order: RecoverOrder | null) =>
  queryOptions({
    queryKey: ['recovery', database, 'plan', order],
    queryFn: ({ signal }) => api.post<RecoverPlan>(`/databases/${database}/recoveries/plan`, order, signal),
    enabled: order !== null,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 0,
  })

export const recoveredQuery = (id: string) => queryOptions({ queryKey: ['recovered', id], queryFn: ({ signal }) => api.get<Recovered>(`/recoveries/${id}`, {}, signal) })

function useChange<Input, Output>(database: string, change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSuccess: () => queries.invalidateQueries({ queryKey: ['recovery', database] }) })
}

export const useKeep = (database: string) => useChange(database, (wish: RecoveryWish) => api.put<RecoveryStatus>(`/databases/${database}/recovery`, wish))

export const useBase = (database: string) => useChange(database, () => api.post<Job>(`/databases/${database}/recovery/bases`))

export const usePoint = (database: string) => useChange(database, (name: string) => api.post<RecoveryStatus>(`/databases/${database}/recovery/points`, { name }))

export const useRecover = (database: string) => useChange(database, (order: RecoverOrder) => api.post<Recovered>(`/databases/${database}/recoveries`, order))
