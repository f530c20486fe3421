// Owns the requests of comparisons. A side is `snapshot:ID`, which never changes, or `database:ID`, as it is now.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { ChangeKind } from '@/api/types'
import { api } from '@/lib/http'

const PAGE = 200

export const isSnapshot = (side: string) => side.startsWith('snapshot:')

/** Two snapshots are compared once. A database is read again when the page is opened, not whenever the window is used. */
const freshness = (a: string, b: string) => ({ staleTime: isSnapshot(a) && isSnapshot(b) ? Infinity : 0, refetchOnWindowFocus: false, refetchOnReconnect: false, retry: false })

export const differencesQuery = (a: string, b: string) =>
  queryOptions({
    queryKey: ['differences', a, b],
    queryFn: ({ signal }) => api.get('/differences/{a}/{b}', { params: { path: { a, b } }, signal }),
    ...freshness(a, b),
  })

export const rowChangesQuery = (a: string, b: string, table: string, kind: ChangeKind | undefined) =>
  infiniteQueryOptions({
    queryKey: ['differences', a, b, table, kind],
    queryFn: ({ pageParam, signal }) => api.get('/differences/{a}/{b}/rows', { params: { path: { a, b }, query: { table, kind, cursor: pageParam, limit: PAGE } }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    ...freshness(a, b),
  })

/** SQL that makes the rows of A equal to those of B. */
export const patchOf = (a: string, b: string) => api.getBlob('/differences/{a}/{b}/export', { params: { path: { a, b }, query: { format: 'sql', seconds: 60 } } })
