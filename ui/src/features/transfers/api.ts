// Owns the requests of copies, imports and exports.
import { infiniteQueryOptions, queryOptions, skipToken, useMutation } from '@tanstack/react-query'
import type { CopyRequest, ExportRequest, ImportRequest } from '@/api/types'
import { api, upload } from '@/lib/http'
import { isUnfinished } from '@/lib/jobs'
import type { CsvOptions } from './csv-options'

const of = (database: string) => ({ path: { database_id: database } })

export const transfersQuery = (database: string) =>
  infiniteQueryOptions({
    queryKey: ['transfers', 'of', database],
    queryFn: ({ pageParam, signal }) => api.get('/databases/{database_id}/transfers', { params: { ...of(database), query: { cursor: pageParam, limit: 50 } }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some((one) => one.job && isUnfinished(one.job))) ? 2000 : false),
  })

export const transferQuery = (id: string) =>
  queryOptions({ queryKey: ['transfers', 'one', id], queryFn: ({ signal }) => api.get('/transfers/{transfer_id}', { params: { path: { transfer_id: id } }, signal }) })

/** The plan of a copy, of the database as it is or of one of its snapshots. */
const planCopy = (database: string, snapshot: string | undefined, body: CopyRequest) =>
  snapshot
    ? api.post('/snapshots/{snapshot_id}/copies/plan', { params: { path: { snapshot_id: snapshot } }, body })
    : api.post('/databases/{database_id}/copies/plan', { params: of(database), body })

const startCopy = (database: string, snapshot: string | undefined, body: CopyRequest) =>
  snapshot
    ? api.post('/snapshots/{snapshot_id}/copies', { params: { path: { snapshot_id: snapshot } }, body })
    : api.post('/databases/{database_id}/copies', { params: of(database), body })

export const copyPlanQuery = (database: string, snapshot: string | undefined, request: CopyRequest | null) =>
  queryOptions({
    queryKey: ['transfers', 'plan', database, snapshot, request],
    queryFn: request === null ? skipToken : () => planCopy(database, snapshot, request),
    retry: false,
    staleTime: 0,
  })

export const useCopy = (database: string, snapshot: string | undefined) =>
  useMutation({ mutationFn: (request: CopyRequest) => startCopy(database, snapshot, request) })

export const cancelJob = (id: string) => api.post('/jobs/{job_id}/cancel', { params: { path: { job_id: id } } })

export const retryJob = (id: string) => api.post('/jobs/{job_id}/retry', { params: { path: { job_id: id } } })

export const useUpload = (database: string, onProgress: (part: number) => void) =>
  useMutation({
    mutationFn: ({ file, options }: { file: File; options?: CsvOptions }) => upload('/databases/{database_id}/imports', { ...of(database), query: options }, file, onProgress),
  })

export const useImport = () => useMutation({ mutationFn: ({ id, ...body }: ImportRequest & { id: string }) => api.post('/imports/{transfer_id}/start', { params: { path: { transfer_id: id } }, body }) })

export const useExport = (database: string) =>
  useMutation({ mutationFn: (body: ExportRequest) => api.post('/databases/{database_id}/exports', { params: of(database), body }) })

export const downloadExport = (id: string) => api.getBlob('/transfers/{transfer_id}/file', { params: { path: { transfer_id: id } } })

export const downloadErrors = (id: string) => api.getBlob('/transfers/{transfer_id}/errors', { params: { path: { transfer_id: id } } })
