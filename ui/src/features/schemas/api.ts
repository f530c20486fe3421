// Owns the requests of schemas, and the counts that stand beside their columns.
import { queryOptions } from '@tanstack/react-query'
import { api, everyPage } from '@/lib/http'

export const schemaQuery = (codebase: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'schema'],
    queryFn: ({ signal }) => api.get('/codebases/{codebase_id}/schema', { params: { path: { codebase_id: codebase } }, signal }),
    staleTime: 5 * 60_000,
  })

export const schemasQuery = (project: string) =>
  queryOptions({
    queryKey: ['projects', project, 'schemas'],
    queryFn: ({ signal }) => everyPage((cursor) => api.get('/projects/{project_id}/schemas', { params: { path: { project_id: project }, query: { cursor } }, signal }), 1000),
  })

export const tableCountsQuery = (codebase: string, table: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'table-counts', table],
    queryFn: async ({ signal }) =>
      (await api.get('/codebases/{codebase_id}/lineage', { params: { path: { codebase_id: codebase }, query: { table, limit: 1 } }, signal })).column_summaries,
    staleTime: 5 * 60_000,
  })

/** What differs between a target (migrations, codebase:ID or database:ID) and what a codebase declares. */
export const driftQuery = (codebase: string, against: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'drift', against],
    queryFn: ({ signal }) => api.get('/codebases/{codebase_id}/drift', { params: { path: { codebase_id: codebase }, query: { against } }, signal }),
  })

export type SchemaFormat = 'sql' | 'dbml' | 'mermaid' | 'json'

/** The whole schema as text. */
export function schemaText(id: string, format: SchemaFormat): Promise<string> {
  const path = { schema_id: id }
  if (format !== 'json') return api.getText('/schemas/{schema_id}', { params: { path, query: { format } } })
  return api.get('/schemas/{schema_id}', { params: { path } }).then((schema) => JSON.stringify(schema, null, 2))
}
