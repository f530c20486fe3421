// Owns the requests of merges: preparing one, its conflicts, choosing sides, applying it.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Merge, MergeRequest, MergeResolution } from '@/api/types'
import { api } from '@/lib/http'
import { isUnfinished } from '@/lib/jobs'

const PAGE = 100
const OFTEN_MS = 1000

const ofDatabase = (database: string) => ({ path: { database_id: database } })
const ofMerge = (merge: string) => ({ path: { merge_id: merge } })

export const isWorking = (merge: Merge): boolean => merge.job !== null && isUnfinished(merge.job)

export const mergesQuery = (database: string) =>
  queryOptions({
    queryKey: ['merges', 'of', database],
    queryFn: async ({ signal }) => (await api.get('/databases/{database_id}/merges', { params: { ...ofDatabase(database), query: { limit: 50 } }, signal })).items,
    refetchInterval: (query) => (query.state.data?.some(isWorking) ? OFTEN_MS : false),
  })

export const mergeQuery = (id: string) =>
  queryOptions({
    queryKey: ['merges', 'one', id],
    queryFn: ({ signal }) => api.get('/merges/{merge_id}', { params: ofMerge(id), signal }),
    refetchInterval: (query) => (query.state.data && isWorking(query.state.data) ? OFTEN_MS : false),
  })

export const conflictsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['merges', 'conflicts', id],
    queryFn: ({ pageParam, signal }) => api.get('/merges/{merge_id}/conflicts', { params: { ...ofMerge(id), query: { cursor: pageParam, limit: PAGE } }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  })

function useChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSuccess: () => queries.invalidateQueries({ queryKey: ['merges'] }) })
}

export const useCreateMerge = (database: string) => useChange((request: MergeRequest) => api.post('/databases/{database_id}/merges', { params: ofDatabase(database), body: request }))

export const useResolve = (id: string) => useChange((resolution: MergeResolution) => api.post('/merges/{merge_id}/resolutions', { params: ofMerge(id), body: resolution }))

export const useApplyMerge = (id: string) => useChange(() => api.post('/merges/{merge_id}/apply', { params: ofMerge(id), body: { confirmed: true } }))

export const useDeleteMerge = (id: string) => useChange(() => api.delete('/merges/{merge_id}', { params: ofMerge(id) }))
