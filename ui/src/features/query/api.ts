// Owns the requests of queries, rows, edits and sessions.
import { queryOptions } from '@tanstack/react-query'
import type { CellRequest, EditsRequest, QueryRequest, ResultFormat, RowsRequest, SavedQueryRequest } from '@/api/types'
import { api, everyPage } from '@/lib/http'

const at = (database: string) => ({ path: { database_id: database } })

export const runQuery = (database: string, body: QueryRequest) => api.post('/databases/{database_id}/query', { params: at(database), body })

export const cancelRun = (database: string, run: string) => api.post('/databases/{database_id}/runs/{run_id}/cancel', { params: { path: { database_id: database, run_id: run } } })

export const explain = (database: string, text: string, run: boolean) => api.post('/databases/{database_id}/explain', { params: at(database), body: { text, run } })

export const check = async (database: string, text: string) => (await api.post('/databases/{database_id}/check', { params: at(database), body: { text } })).findings

export const exportResult = (database: string, text: string, format: ResultFormat) => api.postBlob('/databases/{database_id}/export', { params: at(database), body: { text, format } })

export const runsQuery = (database: string, search: string) =>
  queryOptions({
    queryKey: ['runs', database, search],
    queryFn: async ({ signal }) => (await api.get('/databases/{database_id}/runs', { params: { ...at(database), query: { search, limit: 100 } }, signal })).items,
  })

export const savedQuery = (project: string) =>
  queryOptions({
    queryKey: ['saved', project],
    queryFn: ({ signal }) => everyPage((cursor) => api.get('/projects/{project_id}/queries', { params: { path: { project_id: project }, query: { cursor } }, signal }), 2000),
  })

export const saveQuery = (project: string, body: SavedQueryRequest) => api.post('/projects/{project_id}/queries', { params: { path: { project_id: project } }, body })

export const readRows = (database: string, body: RowsRequest, signal?: AbortSignal) => api.post('/databases/{database_id}/rows', { params: at(database), body, signal })

export const readCell = async (database: string, body: CellRequest) => (await api.post('/databases/{database_id}/cell', { params: at(database), body })).value

export const sendEdits = (database: string, body: EditsRequest) => api.post('/databases/{database_id}/edits', { params: at(database), body })

export const sessionsQuery = (database: string) =>
  queryOptions({
    queryKey: ['sessions-on', database],
    queryFn: ({ signal }) => api.get('/databases/{database_id}/sessions', { params: at(database), signal }),
    refetchInterval: 3000,
  })

export const endSession = (database: string, session: string, how: 'cancel' | 'terminate') =>
  api.post('/databases/{database_id}/sessions/{session}/{how}', { params: { path: { database_id: database, session, how } } })
