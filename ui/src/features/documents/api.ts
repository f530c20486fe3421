// Owns the requests of entries: documents and keys, their parts and their changes.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { EntriesRequest, EntryChange } from '@/api/types'
import { api } from '@/lib/http'

const of = (database: string) => ({ path: { database_id: database } })

export const holdersQuery = (database: string) =>
  queryOptions({ queryKey: ['entries', database, 'holders'], queryFn: ({ signal }) => api.get('/databases/{database_id}/holders', { params: of(database), signal }) })

export const entriesQuery = (database: string, request: EntriesRequest) =>
  infiniteQueryOptions({
    queryKey: ['entries', database, 'list', request],
    queryFn: ({ pageParam }) => api.post('/databases/{database_id}/entries', { params: of(database), body: { ...request, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    retry: false,
  })

export const entryQuery = (database: string, holder: string, entry: string) =>
  queryOptions({
    queryKey: ['entries', database, 'one', holder, entry],
    queryFn: () => readEntry(database, holder, entry),
    retry: false,
  })

export const readEntry = (database: string, holder: string, entry: string) => api.post('/databases/{database_id}/entries/one', { params: of(database), body: { holder, id: entry } })

export const partsQuery = (database: string, entry: string, filter: string) =>
  infiniteQueryOptions({
    queryKey: ['entries', database, 'parts', entry, filter],
    queryFn: ({ pageParam }) => api.post('/databases/{database_id}/entries/parts', { params: of(database), body: { id: entry, filter, cursor: pageParam, limit: 100 } }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    retry: false,
  })

export const changeEntry = (database: string, body: EntryChange) => api.post('/databases/{database_id}/entries/changes', { params: of(database), body })
