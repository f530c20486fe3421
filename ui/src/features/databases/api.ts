// Owns the requests of databases, connections and engines.
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Connection, ConnectionRequest, DatabaseRequest, Engine } from '@/api/types'
import { useDatabase } from '@/lib/database-scope'
import { api, everyPage } from '@/lib/http'

const ofProject = (project: string) => ({ path: { project_id: project } })
const of = (database: string) => ({ path: { database_id: database } })

const ON_THE_WAY = new Set(['creating', 'starting', 'deleting'])

export const enginesQuery = () => queryOptions({ queryKey: ['engines'], queryFn: ({ signal }) => api.get('/engines', { signal }), staleTime: Infinity })

/** What an engine can; undefined while that is not known. */
export function useEngine(name: string | undefined): Engine | undefined {
  return useQuery(enginesQuery()).data?.find((one) => one.name === name)
}

/** The engine of the database of the page; undefined while that is not known. */
export const useDatabaseEngine = (): Engine | undefined => useEngine(useDatabase().engine)

export const databasesQuery = (project: string, deleted = false) =>
  queryOptions({
    queryKey: ['databases', 'of', project, deleted],
    queryFn: ({ signal }) => everyPage((cursor) => api.get('/projects/{project_id}/databases', { params: { ...ofProject(project), query: { deleted, cursor } }, signal }), 2000),
    refetchInterval: (query) => (query.state.data?.some((one) => ON_THE_WAY.has(one.state)) ? 1000 : 10_000),
  })

export const databaseQuery = (id: string) =>
  queryOptions({
    queryKey: ['databases', id],
    queryFn: ({ signal }) => api.get('/databases/{database_id}', { params: of(id), signal }),
    refetchInterval: 10_000,
  })

export const liveSchemaQuery = (id: string) =>
  queryOptions({
    queryKey: ['databases', id, 'schema'],
    queryFn: ({ signal }) => api.get('/databases/{database_id}/schema', { params: of(id), signal }),
    staleTime: 60_000,
  })

export const metricsQuery = (id: string, hours: number) =>
  queryOptions({
    queryKey: ['databases', id, 'metrics', hours],
    queryFn: ({ signal }) => api.get('/databases/{database_id}/metrics', { params: { ...of(id), query: { hours } }, signal }),
    refetchInterval: 60_000,
  })

function useChanged() {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ queryKey: ['databases'] })
}

export function useCreateDatabase(project: string) {
  const changed = useChanged()
  return useMutation({ mutationFn: (body: DatabaseRequest) => api.post('/projects/{project_id}/databases', { params: ofProject(project), body }), onSuccess: changed })
}

export const parseUrl = (url: string) => api.post('/connections/parse', { body: { url } })

export const testConnection = (project: string, body: Connection) => api.post('/projects/{project_id}/connections/test', { params: ofProject(project), body })

export function useConnectDatabase(project: string) {
  const changed = useChanged()
  return useMutation({ mutationFn: (body: ConnectionRequest) => api.post('/projects/{project_id}/connections', { params: ofProject(project), body }), onSuccess: changed })
}

export function useSetDesiredState() {
  const changed = useChanged()
  return useMutation({
    mutationFn: ({ id, state }: { id: string; state: 'running' | 'asleep' | 'stopped' }) => api.put('/databases/{database_id}/desired', { params: of(id), body: { state } }),
    onSuccess: changed,
  })
}

export function useChangeDatabase() {
  const changed = useChanged()
  return useMutation({ mutationFn: ({ id, ...body }: { id: string; protected?: boolean; tls_required?: boolean }) => api.patch('/databases/{database_id}', { params: of(id), body }), onSuccess: changed })
}

export function useDeleteDatabase() {
  const changed = useChanged()
  return useMutation({ mutationFn: (id: string) => api.delete('/databases/{database_id}', { params: of(id) }), onSuccess: changed })
}

export function useRestoreDeletedDatabase() {
  const changed = useChanged()
  return useMutation({ mutationFn: (id: string) => api.post('/databases/{database_id}/deletion/undo', { params: of(id) }), onSuccess: changed })
}

export const resetPassword = (id: string) => api.post('/databases/{database_id}/credentials/reset', { params: of(id) })

export const credentialsOf = (id: string) => api.post('/databases/{database_id}/credentials', { params: of(id) })

export const refreshSchema = (id: string) => api.get('/databases/{database_id}/schema', { params: { ...of(id), query: { fresh: true } } })
