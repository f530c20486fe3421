// Owns the requests of copies, imports and exports.
import { infiniteQueryOptions, queryOptions, useMutation } from '@tanstack/react-query'
import type { CopyPlan, Database, ExportFormat, ImportOrder, ImportPreview, Page, Transfer } from '@/api/types'
import { api, everyPage, upload } from '@/lib/http'
import { isUnfinished } from '@/lib/jobs'

export const transfersQuery = (database: string) =>
  infiniteQueryOptions({
    queryKey: ['transfers', 'of', database],
    queryFn: ({ pageParam, signal }) => api.get<Page<Transfer>>(`/databases/${database}/transfers`, { cursor: pageParam, limit: 50 }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some((one) => one.job && isUnfinished(one.job))) ? 2000 : false),
  })

export const transferQuery = (id: string) =>
  queryOptions({ queryKey: ['transfers', 'one', id], queryFn: ({ signal }) => api.get<Transfer>(`/transfers/${id}`, {}, signal) })

/** The databases of the project, to choose a target from. */
export const neighboursQuery = (project: string) =>
  queryOptions({
    queryKey: ['databases', 'of', project, false],
    queryFn: ({ signal }) => everyPage<Database>(`/projects/${project}/databases`, { deleted: false }, 2000, signal),
  })

export interface CopyRequest {
  target_id: string
  tables: string[] | null
  accepted?: boolean
  confirmed?: boolean
}

/** What is copied: a database as it is, or one of its snapshots. */
const copies = (database: string, snapshot: string | undefined) => (snapshot ? `/snapshots/${snapshot}/copies` : `/databases/${database}/copies`)

export const copyPlanQuery = (database: string, snapshot: string | undefined, request: CopyRequest | null) =>
  queryOptions({
    queryKey: ['transfers', 'plan', database, snapshot, request],
    queryFn: () => api.post<CopyPlan>(`${copies(database, snapshot)}/plan`, request),
    enabled: request !== null,
    retry: false,
    staleTime: 0,
  })

export const useCopy = (database: string, snapshot: string | undefined) =>
  useMutation({ mutationFn: (request: CopyRequest) => api.post<Transfer>(copies(database, snapshot), request) })

export const cancelJob = (id: string) => api.post(`/jobs/${id}/cancel`)

export const retryJob = (id: string) => api.post(`/jobs/${id}/retry`)

export const useUpload = (database: string, onProgress: (part: number) => void) =>
  useMutation({
    mutationFn: (file: File) => {
      const form = new FormData()
      form.append('file', file)
      return upload<ImportPreview>(`/databases/${database}/imports`, form, onProgress)
    },
  })

export const useImport = () => useMutation({ mutationFn: ({ id, ...order }: Partial<ImportOrder> & { id: string }) => api.post<Transfer>(`/imports/${id}/start`, order) })

export const useExport = (database: string) =>
  useMutation({ mutationFn: (input: { tables: string[] | null; format: ExportFormat }) => api.post<Transfer>(`/databases/${database}/exports`, input) })
