// Owns the requests of migrations.
import { queryOptions } from '@tanstack/react-query'
import type { Migration, MigrationsRun, MigrationText } from '@/api/types'
import { api, upload } from '@/lib/http'

export type Way = 'up' | 'down'

export const migrationsQuery = (id: string) =>
  queryOptions({
    queryKey: ['migrations', id],
    queryFn: async ({ signal }) => (await api.get<{ items: Migration[] }>(`/databases/${id}/migrations`, {}, signal)).items,
  })

export const migrationText = (id: string, version: string) => api.get<MigrationText>(`/databases/${id}/migrations/${encodeURIComponent(version)}`)

export const addMigration = (id: string, input: { name: string; up?: string; down?: string | null; changes?: readonly Record<string, unknown>[] }) =>
  api.post<MigrationText>(`/databases/${id}/migrations`, input)

export const runMigrations = (id: string, way: Way, to: string, apply: boolean) =>
  api.post<MigrationsRun>(`/databases/${id}/migrations/run`, { way, to, apply, confirmed: true })

export const resolveMigration = (id: string, version: string, state: 'applied' | 'pending') =>
  api.put<Migration>(`/databases/${id}/migrations/${encodeURIComponent(version)}/state?confirmed=true`, { state })

export const deleteMigration = (id: string, version: string) => api.delete(`/databases/${id}/migrations/${encodeURIComponent(version)}`)

export async function importMigrations(id: string, file: File, applied: boolean | null): Promise<number> {
  const form = new FormData()
  form.append('file', file)
  const query = applied === null ? '' : `?applied=${String(applied)}`
  const found = await upload<{ items: Migration[] }>(`/databases/${id}/migrations/import${query}`, form, () => undefined)
  return found.items.length
}
