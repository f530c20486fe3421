// Owns the requests of what is read out of a snapshot without restoring it.
import { queryOptions } from '@tanstack/react-query'
import type { LinkRequest, ResultFormat, SnapshotQueryRequest } from '@/api/types'
import { api } from '@/lib/http'
import type { RowRange } from '@/lib/row-pages'

const of = (snapshot: string) => ({ path: { snapshot_id: snapshot } })

export const readSnapshotRows = (snapshot: string, table: string, range: RowRange) =>
  api.get('/snapshots/{snapshot_id}/tables/{table}/rows', { params: { path: { snapshot_id: snapshot, table }, query: range } })

export const readSnapshotCell = async (snapshot: string, table: string, row: number, column: string) =>
  (await api.get('/snapshots/{snapshot_id}/tables/{table}/cell', { params: { path: { snapshot_id: snapshot, table }, query: { row, column } } })).value

/** The Schema of a snapshot, which never changes. */
export const snapshotSchemaQuery = (snapshot: string) =>
  queryOptions({
    queryKey: ['snapshots', 'schema', snapshot],
    queryFn: ({ signal }) => api.get('/snapshots/{snapshot_id}/schema', { params: of(snapshot), signal }),
    staleTime: Infinity,
  })

export const querySnapshot = (snapshot: string, body: SnapshotQueryRequest) => api.post('/snapshots/{snapshot_id}/query', { params: of(snapshot), body })

export const cancelSnapshotQuery = (snapshot: string, run: string) =>
  api.post('/snapshots/{snapshot_id}/runs/{run_id}/cancel', { params: { path: { snapshot_id: snapshot, run_id: run } } })

export const exportSnapshotQuery = (snapshot: string, text: string, format: ResultFormat, asText: boolean) =>
  api.postBlob('/snapshots/{snapshot_id}/query/export', { params: of(snapshot), body: { text, format, as_text: asText } })

/** The valid links to files of a snapshot: the newest hundred. */
export const linksQuery = (snapshot: string) =>
  queryOptions({
    queryKey: ['snapshots', 'links', snapshot],
    queryFn: ({ signal }) => api.get('/snapshots/{snapshot_id}/links', { params: { ...of(snapshot), query: { limit: 100 } }, signal }),
  })

export const revokeLink = (snapshot: string, link: string) => api.delete('/snapshots/{snapshot_id}/links/{link_id}', { params: { path: { snapshot_id: snapshot, link_id: link } } })

export const createLink = (snapshot: string, body: LinkRequest) => api.post('/snapshots/{snapshot_id}/links', { params: of(snapshot), body })
