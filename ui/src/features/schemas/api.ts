// Owns the requests of schemas, and the counts that stand beside their columns.
import { queryOptions } from '@tanstack/react-query'
import type { ColumnSummary, DatabaseSchema, LineagePage, SchemaEntry } from '@/api/types'
import { api, everyPage } from '@/lib/http'

export const schemaQuery = (codebase: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'schema'],
    queryFn: ({ signal }) => api.get<DatabaseSchema>(`/codebases/${codebase}/schema`, {}, signal),
    staleTime: 5 * 60_000,
  })

export const schemasQuery = (project: string) =>
  queryOptions({
    queryKey: ['projects', project, 'schemas'],
    queryFn: ({ signal }) => everyPage<SchemaEntry>(`/projects/${project}/schemas`, {}, 1000, signal),
  })

export const tableCountsQuery = (codebase: string, table: string) =>
  queryOptions({
    queryKey: ['codebases', codebase, 'table-counts', table],
    queryFn: async ({ signal }): Promise<ColumnSummary[]> =>
      (await api.get<LineagePage>(`/codebases/${codebase}/lineage`, { table, limit: 1 }, signal)).column_summaries,
    staleTime: 5 * 60_000,
  })

export type SchemaFormat = 'sql' | 'dbml' | 'mermaid' | 'json'

/** The whole schema as text. */
export function schemaText(id: string, format: SchemaFormat): Promise<string> {
  if (format !== 'json') return api.text(`/schemas/${id}`, { format })
  return api.get<DatabaseSchema>(`/schemas/${id}`).then((schema) => JSON.stringify(schema, null, 2))
}
