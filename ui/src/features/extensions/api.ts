// Owns the requests of extensions: those a server offers, and changes of those installed.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api } from '@/lib/http'
import type { Action } from './extensions'

const of = (database: string) => ({ path: { database_id: database } })

export const extensionsQuery = (database: string) =>
  queryOptions({ queryKey: ['extensions', database], queryFn: ({ signal }) => api.get('/databases/{database_id}/extensions', { params: of(database), signal }) })

/** Changes an extension; a change of a protected database has been confirmed by then. */
async function change(database: string, name: string, action: Action): Promise<void> {
  const path = { database_id: database, name }
  const params = { path, query: { confirmed: true } }
  if (action === 'install') await api.post('/databases/{database_id}/extensions', { params: of(database), body: { name, schema: null, confirmed: true } })
  else if (action === 'update') await api.post('/databases/{database_id}/extensions/{name}/update', { params })
  else await api.delete('/databases/{database_id}/extensions/{name}', { params })
}

export function useExtensionChange(database: string, name: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (action: Action) => change(database, name, action),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['extensions', database] }),
  })
}
