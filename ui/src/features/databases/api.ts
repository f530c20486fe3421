// Owns the requests of databases, connections and engines.
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Connection, ConnectionTest, Credentials, Database, Engine, LiveSchema, MetricPoint, ParsedUrl } from '@/api/types'
import { api, everyPage } from '@/lib/http'

const ON_THE_WAY = new Set(['creating', 'starting', 'deleting'])

export const enginesQuery = () => queryOptions({ queryKey: ['engines'], queryFn: ({ signal }) => api.get<Engine[]>('/engines', {}, signal), staleTime: Infinity })

export type Language = Engine['language']

/** What an engine can; undefined while that is not known. */
export function useEngine(name: string | undefined): Engine | undefined {
  return useQuery(enginesQuery()).data?.find((one) => one.name === name)
}

/** What users of an engine write; undefined while that is not known. */
export const useLanguage = (engine: string | undefined): Language | undefined => useEngine(engine)?.language

export const databasesQuery = (project: string, deleted = false) =>
  queryOptions({
    queryKey: ['databases', 'of', project, deleted],
    queryFn: ({ signal }) => everyPage<Database>(`/projects/${project}/databases`, { deleted }, 2000, signal),
    refetchInterval: (query) => (query.state.data?.some((one) => ON_THE_WAY.has(one.state)) ? 1000 : 10_000),
  })

export const databaseQuery = (id: string) =>
  queryOptions({
    queryKey: ['databases', id],
    queryFn: ({ signal }) => api.get<Database>(`/databases/${id}`, {}, signal),
    refetchInterval: 10_000,
  })

export const liveSchemaQuery = (id: string) =>
  queryOptions({
    queryKey: ['databases', id, 'schema'],
    queryFn: ({ signal }) => api.get<LiveSchema>(`/databases/${id}/schema`, {}, signal),
    staleTime: 60_000,
  })

export const metricsQuery = (id: string, hours: number) =>
  queryOptions({
    queryKey: ['databases', id, 'metrics', hours],
    queryFn: ({ signal }) => api.get<MetricPoint[]>(`/databases/${id}/metrics`, { hours }, signal),
    refetchInterval: 60_000,
  })

export interface NewDatabase {
  name: string
  engine: string
  options: Record<string, string>
  sleep_after_seconds: number
  protected: boolean
}

function useChanged() {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ queryKey: ['databases'] })
}

export function useCreateDatabase(project: string) {
  const changed = useChanged()
  return useMutation({ mutationFn: (input: NewDatabase) => api.post<Database>(`/projects/${project}/databases`, input), onSuccess: changed })
}

export const parseUrl = (url: string) => api.post<ParsedUrl>('/connections/parse', { url })

export const testConnection = (project: string, connection: Connection) => api.post<ConnectionTest>(`/projects/${project}/connections/test`, connection)

export interface NewConnection {
  name: string
  connection: Connection
  read_only: boolean
  protected: boolean
}

export function useConnectDatabase(project: string) {
  const changed = useChanged()
  return useMutation({ mutationFn: (input: NewConnection) => api.post<Database>(`/projects/${project}/connections`, input), onSuccess: changed })
}

export function useSteer() {
  const changed = useChanged()
  return useMutation({
    mutationFn: ({ id, state }: { id: string; state: 'running' | 'asleep' | 'stopped' }) => api.put<Database>(`/databases/${id}/desired`, { state }),
    onSuccess: changed,
  })
}

export function useChangeDatabase() {
  const changed = useChanged()
  return useMutation({ mutationFn: ({ id, ...input }: { id: string; protected?: boolean }) => api.patch<Database>(`/databases/${id}`, input), onSuccess: changed })
}

export function useDeleteDatabase() {
  const changed = useChanged()
  return useMutation({ mutationFn: (id: string) => api.delete(`/databases/${id}`), onSuccess: changed })
}

export function useUndeleteDatabase() {
  const changed = useChanged()
  return useMutation({ mutationFn: (id: string) => api.post<Database>(`/databases/${id}/deletion/undo`), onSuccess: changed })
}

export const credentialsOf = (id: string) => api.post<Credentials>(`/databases/${id}/credentials`)

export const refreshSchema = (id: string) => api.get<LiveSchema>(`/databases/${id}/schema`, { fresh: true })
