// Owns the requests of snapshots, restores and vaults.
import { infiniteQueryOptions, keepPreviousData, queryOptions, skipToken, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Compression, RestoreOrder, Snapshot, SnapshotRequest, VaultPlace, VaultToOpen } from '@/api/types'
import { api } from '@/lib/http'

const PAGE = 100
const OFTEN_MS = 2000
const SELDOM_MS = 30_000

const ofDatabase = (database: string) => ({ path: { database_id: database } })
const ofSnapshot = (snapshot: string) => ({ path: { snapshot_id: snapshot } })
const ofVault = (organization: string) => ({ path: { organization_id: organization } })

const isMoving = (one: Snapshot) => one.status === 'taking' || one.status === 'deleting'

/** The snapshots of a database, newest first; looks often while one is being taken. */
export const snapshotsQuery = (database: string) =>
  infiniteQueryOptions({
    queryKey: ['snapshots', 'of', database],
    queryFn: ({ pageParam, signal }) => api.get('/databases/{database_id}/snapshots', { params: { ...ofDatabase(database), query: { cursor: pageParam, limit: PAGE } }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some(isMoving)) ? OFTEN_MS : SELDOM_MS),
  })

export const storageQuery = (database: string) =>
  queryOptions({ queryKey: ['snapshots', 'storage', database], queryFn: ({ signal }) => api.get('/databases/{database_id}/snapshots/storage', { params: ofDatabase(database), signal }) })

export const snapshotQuery = (id: string) =>
  queryOptions({
    queryKey: ['snapshots', 'one', id],
    queryFn: ({ signal }) => api.get('/snapshots/{snapshot_id}', { params: ofSnapshot(id), signal }),
    refetchInterval: (query) => (query.state.data && isMoving(query.state.data) ? OFTEN_MS : false),
  })

export const restoresQuery = (snapshot: string) =>
  queryOptions({
    queryKey: ['snapshots', 'restores', snapshot],
    queryFn: async ({ signal }) => (await api.get('/snapshots/{snapshot_id}/restores', { params: { ...ofSnapshot(snapshot), query: { limit: 20 } }, signal })).items,
  })

export const restoreQuery = (id: string) => queryOptions({ queryKey: ['restores', id], queryFn: ({ signal }) => api.get('/restores/{restore_id}', { params: { path: { restore_id: id } }, signal }) })

/** What a restore would do, asked of the server; nothing is asked before the order is whole. */
export const planQuery = (snapshot: string, order: RestoreOrder | null) =>
  queryOptions({
    queryKey: ['snapshots', 'plan', snapshot, order],
    queryFn: order === null ? skipToken : ({ signal }) => api.post('/snapshots/{snapshot_id}/restores/plan', { params: ofSnapshot(snapshot), body: order, signal }),
    // The last plan stays in view until the next is known, so that nothing jumps and the focus is kept.
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 0,
  })

function useChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSuccess: () => queries.invalidateQueries({ queryKey: ['snapshots'] }) })
}

export const useTakeSnapshot = (database: string) => useChange((request: SnapshotRequest) => api.post('/databases/{database_id}/snapshots', { params: ofDatabase(database), body: request }))

export const useChangeSnapshot = () =>
  useChange(({ id, ...change }: { id: string; label?: string; held?: boolean }) => api.patch('/snapshots/{snapshot_id}', { params: ofSnapshot(id), body: change }))

export const useDeleteSnapshot = () => useChange((id: string) => api.delete('/snapshots/{snapshot_id}', { params: ofSnapshot(id) }))

export type Depth = 'quick' | 'deep'

/** Has a snapshot verified; answers with the job that does it. */
export const useVerify = () => useChange(({ id, kind }: { id: string; kind: Depth }) => api.post('/snapshots/{snapshot_id}/verifications', { params: ofSnapshot(id), body: { kind } }))

export const useRestore = (snapshot: string) => useChange((order: RestoreOrder) => api.post('/snapshots/{snapshot_id}/restores', { params: ofSnapshot(snapshot), body: order }))

export const vaultQuery = (organization: string) =>
  queryOptions({ queryKey: ['vault', organization], queryFn: ({ signal }) => api.get('/organizations/{organization_id}/vault', { params: ofVault(organization), signal }) })

export const vaultsQuery = (organization: string) =>
  queryOptions({ queryKey: ['vault', organization, 'all'], queryFn: ({ signal }) => api.get('/organizations/{organization_id}/vaults', { params: ofVault(organization), signal }) })

/** The newest snapshots of an organization whose database does not exist here: it was deleted, or was never here. */
export const detachedQuery = (organization: string) =>
  queryOptions({
    queryKey: ['snapshots', 'detached', organization],
    queryFn: async ({ signal }) => {
      const detached: Snapshot[] = []
      let cursor: string | null = null
      do {
        const page: { items: Snapshot[]; next: string | null } = await api.get('/organizations/{organization_id}/snapshots', { params: { ...ofVault(organization), query: { cursor, limit: 200 } }, signal })
        detached.push(...page.items.filter((snapshot) => snapshot.database_id === null && snapshot.status === 'complete'))
        cursor = page.next
      } while (cursor !== null)
      return detached
    },
  })

export const usageQuery = (organization: string) =>
  queryOptions({ queryKey: ['vault', organization, 'usage'], queryFn: ({ signal }) => api.get('/organizations/{organization_id}/vault/usage', { params: ofVault(organization), signal }), retry: false })

export const keysQuery = (organization: string) =>
  queryOptions({ queryKey: ['vault', organization, 'keys'], queryFn: ({ signal }) => api.get('/organizations/{organization_id}/vault/keys', { params: ofVault(organization), signal }), retry: false })

function useVaultChange<Input, Output>(organization: string, change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSuccess: () => queries.invalidateQueries({ queryKey: ['vault', organization] }) })
}

export const useChangeVault = (organization: string) => useVaultChange(organization, (place: VaultPlace) => api.put('/organizations/{organization_id}/vault', { params: ofVault(organization), body: place }))

/** Opens an existing vault; answers with its snapshots. */
export function useOpenVault(organization: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (vault: VaultToOpen) => api.post('/organizations/{organization_id}/vaults', { params: ofVault(organization), body: vault }),
    onSuccess: () => Promise.all([queries.invalidateQueries({ queryKey: ['vault', organization] }), queries.invalidateQueries({ queryKey: ['snapshots'] })]),
  })
}

/** Closes a vault: its snapshots leave the lists. */
export function useCloseVault(organization: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.delete('/organizations/{organization_id}/vaults/{vault_id}', { params: { path: { organization_id: organization, vault_id: id } } }),
    onSuccess: () => Promise.all([queries.invalidateQueries({ queryKey: ['vault', organization] }), queries.invalidateQueries({ queryKey: ['snapshots'] })]),
  })
}

export const useCompress = (organization: string) =>
  useVaultChange(organization, (chosen: Compression) => api.put('/organizations/{organization_id}/vault/compression', { params: ofVault(organization), body: chosen }))

export const useAddPassphrase = (organization: string) =>
  useVaultChange(organization, (input: { passphrase: string; label: string }) => api.post('/organizations/{organization_id}/vault/keys', { params: ofVault(organization), body: input }))

export const useRemoveKey = (organization: string) => useVaultChange(organization, (id: string) => api.delete('/organizations/{organization_id}/vault/keys/{key_id}', { params: { path: { organization_id: organization, key_id: id } } }))
