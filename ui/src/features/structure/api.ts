// Owns the request that previews and applies changes of a schema.
import type { SchemaChange } from '@/api/types'
import { api } from '@/lib/http'

export const changeSchema = (database: string, changes: readonly SchemaChange[], apply: boolean, confirmed: boolean) =>
  api.post('/databases/{database_id}/schema/changes', { params: { path: { database_id: database } }, body: { changes: [...changes], apply, confirmed } })
