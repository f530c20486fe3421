// Owns the requests of comparisons of two snapshots; both never change, so neither do the answers.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { ChangeKind } from '@/api/types'
import { api } from '@/lib/http'

const PAGE = 200

const both = (before: string, after: string) => ({ snapshot_id: before, other_id: after })

export const snapshotDiffQuery = (before: string, after: string) =>
  queryOptions({
    queryKey: ['snapshots', 'diff', before, after],
    queryFn: ({ signal }) => api.get('/snapshots/{snapshot_id}/differences/{other_id}', { params: { path: both(before, after) }, signal }),
    staleTime: Infinity,
    retry: false,
  })

export const rowChangesQuery = (before: string, after: string, table: string, kind: ChangeKind | undefined) =>
  infiniteQueryOptions({
    queryKey: ['snapshots', 'diff', before, after, table, kind],
    queryFn: ({ pageParam, signal }) =>
      api.get('/snapshots/{snapshot_id}/differences/{other_id}/rows', { params: { path: both(before, after), query: { table, kind, cursor: pageParam, limit: PAGE } }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    staleTime: Infinity,
    retry: false,
  })
