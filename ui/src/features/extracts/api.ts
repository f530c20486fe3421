// Owns the requests of what is read out of a snapshot without restoring it.
import { queryOptions } from '@tanstack/react-query'
import type { Cell, ExtractFormat, ListedLink, LiveSchema, QueryAnswer, RowsPage, SnapshotLink } from '@/api/types'
import type { Part } from '@/features/query/use-rows'
import { api } from '@/lib/http'

const tablePath = (snapshot: string, table: string) => `/snapshots/${snapshot}/tables/${encodeURIComponent(table)}`

export const readSnapshotRows = (snapshot: string, table: string, part: Part) => api.get<RowsPage>(`${tablePath(snapshot, table)}/rows`, { ...part })

export const readSnapshotCell = async (snapshot: string, table: string, row: number, column: string) =>
  (await api.get<{ value: Cell }>(`${tablePath(snapshot, table)}/cell`, { row, column })).value

/** The Schema of a snapshot, which never changes. */
export const snapshotSchemaQuery = (snapshot: string) =>
  queryOptions({ queryKey: ['snapshots', 'schema', snapshot], queryFn: ({ signal }) => api.get<LiveSchema>(`/snapshots/${snapshot}/schema`, {}, signal), staleTime: Infinity })

export interface Question {
  text: string
  run_id: string
  max_rows: number
  as_text: boolean
}

export const askSnapshot = (snapshot: string, question: Question) => api.post<QueryAnswer>(`/snapshots/${snapshot}/query`, question)

export const cancelQuestion = (snapshot: string, run: string) => api.post<void>(`/snapshots/${snapshot}/runs/${run}/cancel`)

export const exportAnswer = (snapshot: string, text: string, format: string, asText: boolean) =>
  api.download(`/snapshots/${snapshot}/query/export`, { text, format, as_text: asText })

export interface LinkOrder {
  format: ExtractFormat
  /** null means all. */
  tables: string[] | null
  /** Seconds. */
  expires_in: number
}

/** The links to files of a snapshot that work: the newest hundred. */
export const linksQuery = (snapshot: string) =>
  queryOptions({ queryKey: ['snapshots', 'links', snapshot], queryFn: ({ signal }) => api.get<{ items: ListedLink[] }>(`/snapshots/${snapshot}/links`, { limit: 100 }, signal) })

export const revokeLink = (snapshot: string, link: string) => api.delete(`/snapshots/${snapshot}/links/${link}`)

export const makeLink = (snapshot: string, order: LinkOrder) => api.post<SnapshotLink>(`/snapshots/${snapshot}/links`, order)
