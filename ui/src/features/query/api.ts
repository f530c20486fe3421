// Owns the requests of queries, rows, edits, changes of a schema and sessions.
import { queryOptions } from '@tanstack/react-query'
import type { Cell, Chart, EditsAnswer, Finding, Plan, QueryAnswer, RowFilter, RowSort, RowsPage, Run, SavedQuery, SchemaChangesAnswer, ServerSession, StagedEdit } from '@/api/types'
import { api, everyPage } from '@/lib/http'

export interface RunInput {
  text: string
  run_id: string
  max_rows: number
  confirmed: boolean
}

export const runQuery = (id: string, input: RunInput, session: string) => api.post<QueryAnswer>(`/databases/${id}/query`, { ...input, session })

export const cancelRun = (id: string, run: string) => api.post<void>(`/databases/${id}/runs/${run}/cancel`)

export const explain = (id: string, text: string, run: boolean) => api.post<Plan>(`/databases/${id}/explain`, { text, run })

export const check = async (id: string, text: string) => (await api.post<{ findings: Finding[] }>(`/databases/${id}/check`, { text })).findings

export const exportResult = (id: string, text: string, format: string) => api.download(`/databases/${id}/export`, { text, format })

export const runsQuery = (id: string, search: string) =>
  queryOptions({
    queryKey: ['runs', id, search],
    queryFn: async ({ signal }) => (await api.get<{ items: Run[] }>(`/databases/${id}/runs`, { search, limit: 100 }, signal)).items,
  })

export const savedQuery = (project: string) =>
  queryOptions({ queryKey: ['saved', project], queryFn: ({ signal }) => everyPage<SavedQuery>(`/projects/${project}/queries`, {}, 2000, signal) })

export const saveQuery = (project: string, input: { name: string; text: string; database_id: string; shared: boolean; chart: Chart }) =>
  api.post<SavedQuery>(`/projects/${project}/queries`, input)

export interface RowsInput {
  table: string
  schema: string | null
  filters: RowFilter[]
  sort: RowSort[]
  cursor?: string | null
  skip?: number
  limit: number
  /** Whether all rows are counted, which takes longest on a large table. */
  counts?: boolean
}

export const readRows = (id: string, input: RowsInput, signal?: AbortSignal) => api.post<RowsPage>(`/databases/${id}/rows`, input, signal)

export const readCell = async (id: string, input: { table: string; schema: string | null; key: Record<string, Cell>; column: string }) =>
  (await api.post<{ value: Cell }>(`/databases/${id}/cell`, input)).value

export interface EditsInput {
  table: string
  schema: string | null
  edits: StagedEdit[]
  apply: boolean
  confirmed: boolean
}

export const sendEdits = (id: string, input: EditsInput) => api.post<EditsAnswer>(`/databases/${id}/edits`, input)

export const changeSchema = (id: string, changes: readonly Record<string, unknown>[], apply: boolean, confirmed: boolean) =>
  api.post<SchemaChangesAnswer>(`/databases/${id}/schema/changes`, { changes, apply, confirmed })

export const sessionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['sessions-on', id],
    queryFn: ({ signal }) => api.get<ServerSession[]>(`/databases/${id}/sessions`, {}, signal),
    refetchInterval: 3000,
  })

export const endSession = (id: string, session: string, how: 'cancel' | 'terminate') => api.post<void>(`/databases/${id}/sessions/${session}/${how}`)
