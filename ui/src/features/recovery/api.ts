// Owns the requests of recovery: what is kept of a database, base backups, points, and databases brought back.
import { keepPreviousData, queryOptions, skipToken, useMutation, useQueryClient } from '@tanstack/react-query'
import type { RecoverOrder, RecoveryWish } from '@/api/types'
import { api } from '@/lib/http'

const of = (database: string) => ({ path: { database_id: database } })

const OFTEN_MS = 2000
const SELDOM_MS = 20_000

/** What is kept of a database; looks often while a base backup is being made. */
export const recoveryQuery = (database: string) =>
  queryOptions({
    queryKey: ['recovery', database],
    queryFn: ({ signal }) => api.get('/databases/{database_id}/recovery', { params: of(database), signal }),
    refetchInterval: (query) => (query.state.data?.bases.some((one) => one.status === 'taking') ? OFTEN_MS : SELDOM_MS),
  })

/** What a recovery would do, asked of the server; nothing is asked before the order is whole. */
export const recoverPlanQuery = (database: string, order: RecoverOrder | null) =>
  queryOptions({
    queryKey: ['recovery', database, 'plan', order],
    queryFn: order === null ? skipToken : ({ signal }) => api.post('/databases/{database_id}/recoveries/plan', { params: of(database), body: order, signal }),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 0,
  })

export const recoveredQuery = (id: string) => queryOptions({ queryKey: ['recovered', id], queryFn: ({ signal }) => api.get('/recoveries/{recovery_id}', { params: { path: { recovery_id: id } }, signal }) })

function useChange<Input, Output>(database: string, change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSuccess: () => queries.invalidateQueries({ queryKey: ['recovery', database] }) })
}

export const useRecoverySettings = (database: string) => useChange(database, (wish: RecoveryWish) => api.put('/databases/{database_id}/recovery', { params: of(database), body: wish }))

export const useCreateBaseBackup = (database: string) => useChange(database, () => api.post('/databases/{database_id}/recovery/bases', { params: of(database) }))

export const useCreateRestorePoint = (database: string) => useChange(database, (name: string) => api.post('/databases/{database_id}/recovery/points', { params: of(database), body: { name } }))

export const useRecover = (database: string) => useChange(database, (order: RecoverOrder) => api.post('/databases/{database_id}/recoveries', { params: of(database), body: order }))
