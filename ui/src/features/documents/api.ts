// Owns the requests of entries: documents and keys, their parts and their changes.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { EntriesPage, Entry, EntryChange, EntryChangeAnswer, Holder, PartsPage } from '@/api/types'
import { api } from '@/lib/http'

export const holdersQuery = (id: string) =>
  queryOptions({ queryKey: ['entries', id, 'holders'], queryFn: ({ signal }) => api.get<Holder[]>(`/databases/${id}/holders`, {}, signal) })

export interface EntriesInput {
  holder: string
  filter: string
  sort: string
  limit: number
}

export const entriesQuery = (id: string, input: EntriesInput) =>
  infiniteQueryOptions({
    queryKey: ['entries', id, 'list', input],
    queryFn: ({ pageParam }) => api.post<EntriesPage>(`/databases/${id}/entries`, { ...input, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    retry: false,
  })

export const entryQuery = (id: string, holder: string, entry: string) =>
  queryOptions({
    queryKey: ['entries', id, 'one', holder, entry],
    queryFn: () => readEntry(id, holder, entry),
    retry: false,
  })

export const readEntry = (id: string, holder: string, entry: string) => api.post<Entry>(`/databases/${id}/entries/one`, { holder, id: entry })

export const partsQuery = (id: string, entry: string, filter: string) =>
  infiniteQueryOptions({
    queryKey: ['entries', id, 'parts', entry, filter],
    queryFn: ({ pageParam }) => api.post<PartsPage>(`/databases/${id}/entries/parts`, { id: entry, filter, cursor: pageParam, limit: 100 }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    retry: false,
  })

export type Change = Pick<EntryChange, 'kind'> & Partial<EntryChange>

export const changeEntry = (id: string, change: Change) => api.post<EntryChangeAnswer>(`/databases/${id}/entries/changes`, change)
