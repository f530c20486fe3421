// Owns the requests of codebases: upload, scan results, files, lineage, graph.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query'
import type { ChangeRequest, GitCodebaseInput, GitSourceInput, ReportFormat, Tier, UsageKind, UseState } from '@/api/types'
import type { EndpointsSearch } from '@/lib/search-params'
import { api, everyPage, keepSlashes, upload } from '@/lib/http'

/** A finished scan never changes, so its parts stay fresh until something is scanned again. */
const SCANNED = { staleTime: 5 * 60_000 }

const of = (codebase: string) => ({ path: { codebase_id: codebase } })

export const codebasesQuery = (project: string) =>
  queryOptions({
    queryKey: ['projects', project, 'codebases'],
    queryFn: ({ signal }) => everyPage((cursor) => api.get('/projects/{project_id}/codebases', { params: { path: { project_id: project }, query: { cursor } }, signal }), 1000),
  })

export const columnSummariesQuery = (codebase: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'columns'],
    queryFn: async ({ signal }) => (await api.get('/codebases/{codebase_id}/lineage', { params: { ...of(codebase), query: { limit: 1 } }, signal })).column_summaries,
    ...SCANNED,
  })

/** Every column with how it is used, which the server decides, and the numbers of columns by use. */
export const columnsQuery = (codebase: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'columns-in-use'],
    queryFn: ({ signal }) => api.get('/codebases/{codebase_id}/columns', { params: of(codebase), signal }),
    ...SCANNED,
  })

export const downloadColumns = (codebase: string, use: UseState | undefined, format: ColumnsFormat) =>
  api.getBlob('/codebases/{codebase_id}/columns/export', { params: { ...of(codebase), query: { format, ...(use ? { use: [use] } : {}) } } })

/** The columns with personal data, and the files that touch them. */
export const personalDataQuery = (codebase: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'personal-data'],
    queryFn: ({ signal }) => api.get('/codebases/{codebase_id}/personal-data', { params: of(codebase), signal }),
    ...SCANNED,
  })

export const downloadPersonalData = (codebase: string, format: ReportFormat) =>
  api.getBlob('/codebases/{codebase_id}/personal-data/export', { params: { ...of(codebase), query: { format } } })

/** What changed from the newest scan of one codebase to that of another one. */
export const scanDiffQuery = (codebase: string, before: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'scan-diff', before],
    queryFn: ({ signal }) => api.get('/codebases/{codebase_id}/scan-diff', { params: { ...of(codebase), query: { before } }, signal }),
    retry: false,
    ...SCANNED,
  })

/** The tables that other codebases of the organization have, too. */
export const sharedTablesQuery = (codebase: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'shared-tables'],
    queryFn: ({ signal }) => api.get('/codebases/{codebase_id}/shared-tables', { params: of(codebase), signal }),
  })

export const filesQuery = (codebase: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'files'],
    queryFn: ({ signal }) => everyPage((cursor) => api.get('/codebases/{codebase_id}/files', { params: { ...of(codebase), query: { limit: 500, cursor } }, signal }), 50_000),
    ...SCANNED,
  })

export const fileQuery = (codebase: string, file: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'file', file],
    queryFn: ({ signal }) => api.get('/codebases/{codebase_id}/files/{path}', { params: { path: { codebase_id: codebase, path: file } }, pathSerializer: keepSlashes, signal }),
    ...SCANNED,
  })

/** What usages are about; all of it is optional. */
export interface Focus {
  table?: string
  column?: string
  file?: string
  symbol?: string
  q?: string
  endpoint?: string
  usage_type?: UsageKind[]
  tier?: Tier[]
  language?: string
  folder?: string
  service?: string
}

export const graphQuery = (codebase: string, focus: Focus, depth: number) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'graph', focus, depth],
    queryFn: ({ signal }) => api.get('/codebases/{codebase_id}/graph', { params: { ...of(codebase), query: { ...focus, depth } }, signal }),
    ...SCANNED,
  })

/** Which folders or services of the whole codebase use which tables. */
export const groupGraphQuery = (codebase: string, focus: Focus, by: 'folder' | 'service') =>
  queryOptions({
    queryKey: ['codebases', codebase, 'groups', focus, by],
    queryFn: ({ signal }) => api.get('/codebases/{codebase_id}/graph/groups', { params: { ...of(codebase), query: { ...focus, by } }, signal }),
    ...SCANNED,
  })

export const usagesQuery = (codebase: string, focus: Focus) =>
  infiniteQueryOptions({
    queryKey: ['codebases', codebase, 'usages', focus],
    queryFn: ({ pageParam, signal }) => api.get('/codebases/{codebase_id}/lineage', { params: { ...of(codebase), query: { ...focus, limit: 200, cursor: pageParam } }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    ...SCANNED,
  })

/** Where a column is written: the first page has all but of columns that are written everywhere. */
export const writersQuery = (codebase: string, table: string, column: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'writers', table, column],
    queryFn: ({ signal }) => api.get('/codebases/{codebase_id}/lineage', { params: { ...of(codebase), query: { table, column, usage_type: ['write', 'update'], limit: 500 } }, signal }),
    ...SCANNED,
  })

export const notUnderstoodQuery = (codebase: string) =>
  infiniteQueryOptions({
    queryKey: ['codebases', codebase, 'not-understood'],
    queryFn: ({ pageParam, signal }) => api.get('/codebases/{codebase_id}/not-understood', { params: { ...of(codebase), query: { limit: 50, cursor: pageParam } }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    ...SCANNED,
  })

export const skippedQuery = (codebase: string) =>
  infiniteQueryOptions({
    queryKey: ['codebases', codebase, 'skipped'],
    queryFn: ({ pageParam, signal }) => api.get('/codebases/{codebase_id}/skipped', { params: { ...of(codebase), query: { limit: 50, cursor: pageParam } }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    ...SCANNED,
  })

export const endpointsQuery = (codebase: string, wanted: EndpointsSearch) =>
  infiniteQueryOptions({
    queryKey: ['codebases', codebase, 'endpoints', wanted],
    queryFn: ({ pageParam, signal }) => api.get('/codebases/{codebase_id}/endpoints', { params: { ...of(codebase), query: { ...wanted, limit: 200, cursor: pageParam } }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
    ...SCANNED,
  })

export const endpointQuery = (codebase: string, endpoint: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'endpoint', endpoint],
    queryFn: ({ signal }) => api.get('/codebases/{codebase_id}/endpoints/{endpoint_id}', { params: { path: { codebase_id: codebase, endpoint_id: endpoint } }, signal }),
    ...SCANNED,
  })

export const usageEndpointsQuery = (codebase: string, usage: string) =>
  infiniteQueryOptions({
    queryKey: ['codebases', codebase, 'usage-endpoints', usage],
    queryFn: ({ pageParam, signal }) => api.get('/codebases/{codebase_id}/usages/{usage_id}/endpoints', { params: { path: { codebase_id: codebase, usage_id: usage }, query: { limit: 20, cursor: pageParam } }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    ...SCANNED,
  })

export const downloadReport = (codebase: string, format: ReportFormat) => api.getBlob('/codebases/{codebase_id}/export', { params: { ...of(codebase), query: { format } } })

export type ColumnsFormat = 'csv' | 'json' | 'html' | 'sarif'

export type ImpactFormat = 'sarif' | 'markdown' | 'json'

/** What a change breaks; only asked again when it changes or the codebase is scanned again. */
export const impactQuery = (codebase: string, change: ChangeRequest) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'impact', change],
    queryFn: ({ signal }) => api.post('/codebases/{codebase_id}/impact', { params: of(codebase), body: change, signal }),
    retry: false,
    ...SCANNED,
  })

export const downloadImpact = (codebase: string, change: ChangeRequest, format: ImpactFormat) =>
  api.postBlob('/codebases/{codebase_id}/impact/export', { params: { ...of(codebase), query: { format } }, body: change })

const scanStarted = (queries: QueryClient) =>
  Promise.all([queries.invalidateQueries({ queryKey: ['projects'] }), queries.invalidateQueries({ queryKey: ['jobs'] })])

/** Uploads an archive; the scan starts as soon as it is received. */
export function useUpload(project: string, onProgress: (part: number) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (file: File) => upload('/projects/{project_id}/codebases', { path: { project_id: project } }, file, onProgress),
    onSuccess: () => scanStarted(queries),
  })
}

/** The repository of a codebase; `run` names its newest scan and the state of it, because a scan changes what is known. */
export const gitSourceQuery = (codebase: string, run: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'git', run],
    queryFn: ({ signal }) => api.get('/codebases/{codebase_id}/git', { params: of(codebase), signal }),
    placeholderData: (before) => before,
  })

const gitSourceChanged = (queries: QueryClient, codebase: string) => queries.invalidateQueries({ queryKey: ['codebases', codebase, 'git'] })

/** Adds a codebase from a git repository. */
export function useAddGitCodebase(project: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: GitCodebaseInput) => api.post('/projects/{project_id}/codebases/git', { params: { path: { project_id: project } }, body }),
    onSuccess: () => scanStarted(queries),
  })
}

export function useChangeGitSource(codebase: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: GitSourceInput) => api.patch('/codebases/{codebase_id}/git', { params: of(codebase), body }),
    onSuccess: () => gitSourceChanged(queries, codebase),
  })
}

/** Makes a new secret for the webhook, or ends the webhook. */
export function useWebhook(codebase: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (on: boolean) =>
      on ? api.post('/codebases/{codebase_id}/git/webhook', { params: of(codebase) }) : api.delete('/codebases/{codebase_id}/git/webhook', { params: of(codebase) }).then(() => null),
    onSuccess: () => gitSourceChanged(queries, codebase),
  })
}

/** Scans a codebase again, and drops what its last scan had answered. */
export function useRescan() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.post('/codebases/{codebase_id}/rescan', { params: of(id) }),
    onSuccess: (_, id) => {
      queries.removeQueries({ queryKey: ['codebases', id] })
      return scanStarted(queries)
    },
  })
}

export function useDeleteCodebase() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.delete('/codebases/{codebase_id}', { params: of(id) }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['projects'] }),
  })
}

export function useCancelJob() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.post('/jobs/{job_id}/cancel', { params: { path: { job_id: id } } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['jobs'] }),
  })
}
