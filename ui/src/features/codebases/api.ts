// Owns the requests of codebases: upload, scan results, files, lineage, graph.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query'
import type { Codebase, ColumnSummary, FileContent, FileEntry, Graph, Job, LineagePage, NotUnderstood, Page, SkippedFile } from '@/api/types'
import { usesWholeRows, WHOLE_ROW, withWholeRows } from '@/lib/graph-view'
import { api, everyPage, upload } from '@/lib/http'

/** A finished scan never changes, so its parts stay fresh until something is scanned again. */
const SCANNED = { staleTime: 5 * 60_000 }

const path = (file: string) => file.split('/').map(encodeURIComponent).join('/')

export const codebasesQuery = (project: string) =>
  queryOptions({
    queryKey: ['projects', project, 'codebases'],
    queryFn: ({ signal }) => everyPage<Codebase>(`/projects/${project}/codebases`, {}, 1000, signal),
  })

export const columnSummariesQuery = (codebase: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'columns'],
    queryFn: async ({ signal }): Promise<ColumnSummary[]> =>
      (await api.get<LineagePage>(`/codebases/${codebase}/lineage`, { limit: 1 }, signal)).column_summaries,
    ...SCANNED,
  })

export const filesQuery = (codebase: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'files'],
    queryFn: ({ signal }) => everyPage<FileEntry>(`/codebases/${codebase}/files`, { limit: 500 }, 50_000, signal),
    ...SCANNED,
  })

export const fileQuery = (codebase: string, file: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'file', file],
    queryFn: ({ signal }) => api.get<FileContent>(`/codebases/${codebase}/files/${path(file)}`, {}, signal),
    ...SCANNED,
  })

export interface Focus {
  table?: string
  column?: string
  file?: string
  symbol?: string
  q?: string
}

export const graphQuery = (codebase: string, focus: Focus, depth: number) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'graph', focus, depth],
    queryFn: async ({ signal }) => {
      const graph = await api.get<Graph>(`/codebases/${codebase}/graph`, { ...focus, depth }, signal)
      if (!usesWholeRows(graph)) return graph
      const rows = await api.get<LineagePage>(`/codebases/${codebase}/lineage`, { column: WHOLE_ROW, limit: 500 }, signal)
      return withWholeRows(graph, rows.usages)
    },
    placeholderData: (before) => before,
    ...SCANNED,
  })

export const usagesQuery = (codebase: string, focus: Focus) =>
  infiniteQueryOptions({
    queryKey: ['codebases', codebase, 'usages', focus],
    queryFn: ({ pageParam, signal }) => api.get<LineagePage>(`/codebases/${codebase}/lineage`, { ...focus, limit: 200, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    ...SCANNED,
  })

const scanList = <T>(codebase: string, name: string) =>
  infiniteQueryOptions({
    queryKey: ['codebases', codebase, name],
    queryFn: ({ pageParam, signal }) => api.get<Page<T>>(`/codebases/${codebase}/${name}`, { limit: 50, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    ...SCANNED,
  })

export const notUnderstoodQuery = (codebase: string) => scanList<NotUnderstood>(codebase, 'not-understood')
export const skippedQuery = (codebase: string) => scanList<SkippedFile>(codebase, 'skipped')

export interface Started {
  codebase: Codebase
  job: Job
}

const scanStarted = (queries: QueryClient) =>
  Promise.all([queries.invalidateQueries({ queryKey: ['projects'] }), queries.invalidateQueries({ queryKey: ['jobs'] })])

/** Uploads an archive; the scan starts as soon as it is received. */
export function useUpload(project: string, onProgress: (part: number) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (file: File) => {
      const form = new FormData()
      form.append('file', file)
      return upload<Started>(`/projects/${project}/codebases`, form, onProgress)
    },
    onSuccess: () => scanStarted(queries),
  })
}

/** Scans a codebase again, and drops what its last scan had answered. */
export function useRescan() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.post<Started>(`/codebases/${id}/rescan`),
    onSuccess: (_, id) => {
      queries.removeQueries({ queryKey: ['codebases', id] })
      return scanStarted(queries)
    },
  })
}

export function useDeleteCodebase() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.delete(`/codebases/${id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['projects'] }),
  })
}

export function useCancelJob() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.post<Job>(`/jobs/${id}/cancel`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['jobs'] }),
  })
}
