// Owns the requests of migrations.
import { queryOptions } from '@tanstack/react-query'
import type { MigrationRequest } from '@/api/types'
import { api, upload } from '@/lib/http'

export type Direction = 'up' | 'down'

const of = (database: string) => ({ path: { database_id: database } })
const ofVersion = (database: string, version: string) => ({ path: { database_id: database, version } })

export const migrationsQuery = (database: string) =>
  queryOptions({
    queryKey: ['migrations', database],
    queryFn: async ({ signal }) => (await api.get('/databases/{database_id}/migrations', { params: of(database), signal })).items,
  })

export const migrationText = (database: string, version: string) => api.get('/databases/{database_id}/migrations/{version}', { params: ofVersion(database, version) })

export const addMigration = (database: string, body: MigrationRequest) => api.post('/databases/{database_id}/migrations', { params: of(database), body })

export const runMigrations = (database: string, way: Direction, to: string, apply: boolean) =>
  api.post('/databases/{database_id}/migrations/run', { params: of(database), body: { way, to, apply, confirmed: true } })

export const resolveMigration = (database: string, version: string, state: 'applied' | 'pending') =>
  api.put('/databases/{database_id}/migrations/{version}/state', { params: { ...ofVersion(database, version), query: { confirmed: true } }, body: { state } })

export const deleteMigration = (database: string, version: string) => api.delete('/databases/{database_id}/migrations/{version}', { params: ofVersion(database, version) })

export async function importMigrations(database: string, file: File, applied: boolean | null): Promise<number> {
  const imported = await upload('/databases/{database_id}/migrations/import', { ...of(database), query: { applied } }, file)
  return imported.items.length
}
