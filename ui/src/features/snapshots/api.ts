// Owns the requests of snapshots, restores and vaults.
import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Compression, Job, Page, Restore, RestoreOrder, RestorePlan, Snapshot, SnapshotDetail, SnapshotRequest, Storage, Vault, VaultKey, VaultPlace, VaultUsage } from '@/api/types'
import { api } from '@/lib/http'

const PAGE = 100
const OFTEN_MS = 2000
const SELDOM_MS = 30_000

const isMoving = (one: Snapshot) => one.status === 'taking' || one.status === 'deleting'

/** The snapshots of a database, newest first; looks often while one is being taken. */
export const snapshotsQuery = (database: string) =>
  infiniteQueryOptions({
    queryKey: ['snapshots', 'of', database],
    queryFn: ({ pageParam, signal }) => api.get<Page<Snapshot>>(`/databases/${database}/snapshots`, { cursor: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some(isMoving)) ? OFTEN_MS : SELDOM_MS),
  })

export const storageQuery = (database: string) =>
  queryOptions({ queryKey: ['snapshots', 'storage', database], queryFn: ({ signal }) => api.get<Storage>(`/databases/${database}/snapshots/storage`, {}, signal) })

export const snapshotQuery = (id: string) =>
  queryOptions({
    queryKey: ['snapshots', 'one', id],
    queryFn: ({ signal }) => api.get<SnapshotDetail>(`/snapshots/${id}`, {}, signal),
    refetchInterval: (query) => (query.state.data && isMoving(query.state.data) ? OFTEN_MS : false),
  })

export const restoresQuery = (snapshot: string) =>
  queryOptions({
    queryKey: ['snapshots', 'restores', snapshot],
    queryFn: async ({ signal }) => (await api.get<Page<Restore>>(`/snapshots/${snapshot}/restores`, { limit: 20 }, signal)).items,
  })

export const restoreQuery = (id: string) => queryOptions({ queryKey: ['restores', id], queryFn: ({ signal }) => api.get<Restore>(`/restores/${id}`, {}, signal) })

/** What a restore would do, asked of the server; nothing is asked before the order is whole. */
export const planQuery = (snapshot: string, order: RestoreOrder | null) =>
  queryOptions({
    queryKey: ['snapshots', 'plan', snapshot, order],
    queryFn: ({ signal }) => api.post<RestorePlan>(`/snapshots/${snapshot}/restores/plan`, order, signal),
    enabled: order !== null,
    // The last plan stays in view until the next is known, so that nothing jumps and the focus is kept.
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 0,
  })

function useChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSuccess: () => queries.invalidateQueries({ queryKey: ['snapshots'] }) })
}

export const useTake = (database: string) => useChange((request: SnapshotRequest) => api.post<Snapshot>(`/databases/${database}/snapshots`, request))

export const useChangeSnapshot = () =>
  useChange(({ id, ...change }: { id: string; label?: string; held?: boolean }) => api.patch<Snapshot>(`/snapshots/${id}`, change))

export const useDeleteSnapshot = () => useChange((id: string) => api.delete(`/snapshots/${id}`))

export type Depth = 'quick' | 'deep'

/** Has a snapshot verified; answers with the job that does it. */
export const useVerify = () => useChange(({ id, kind }: { id: string; kind: Depth }) => api.post<Job>(`/snapshots/${id}/verifications`, { kind }))

export const useRestore = (snapshot: string) => useChange((order: RestoreOrder) => api.post<Restore>(`/snapshots/${snapshot}/restores`, order))

export const cancelJob = (id: string) => api.post<Job>(`/jobs/${id}/cancel`)

const vaultPath = (organization: string) => `/organizations/${organization}/vault`

export const vaultQuery = (organization: string) =>
  queryOptions({ queryKey: ['vault', organization], queryFn: ({ signal }) => api.get<Vault>(vaultPath(organization), {}, signal) })

export const usageQuery = (organization: string) =>
  queryOptions({ queryKey: ['vault', organization, 'usage'], queryFn: ({ signal }) => api.get<VaultUsage>(`${vaultPath(organization)}/usage`, {}, signal), retry: false })

export const keysQuery = (organization: string) =>
  queryOptions({ queryKey: ['vault', organization, 'keys'], queryFn: ({ signal }) => api.get<VaultKey[]>(`${vaultPath(organization)}/keys`, {}, signal), retry: false })

function useVaultChange<Input, Output>(organization: string, change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSuccess: () => queries.invalidateQueries({ queryKey: ['vault', organization] }) })
}

export const useChangeVault = (organization: string) => useVaultChange(organization, (place: VaultPlace) => api.put<Vault>(vaultPath(organization), place))

export const useCompress = (organization: string) =>
  useVaultChange(organization, (chosen: Compression) => api.put<Vault>(`${vaultPath(organization)}/compression`, chosen))

export const useAddPassphrase = (organization: string) =>
  useVaultChange(organization, (input: { passphrase: string; label: string }) => api.post<VaultKey>(`${vaultPath(organization)}/keys`, input))

export const useRemoveKey = (organization: string) => useVaultChange(organization, (id: string) => api.delete(`${vaultPath(organization)}/keys/${encodeURIComponent(id)}`))
