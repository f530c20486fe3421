// Owns what a new table or view starts with: the schema of its neighbours, and an auto-incrementing id.
import type { Engine, LiveColumn, LiveRelation } from '@/api/types'

type Hints = Pick<Engine, 'default_schema' | 'identity_type'> | undefined

/** The schema for new tables; null on engines that have none. */
export const homeOf = (neighbour: Pick<LiveRelation, 'schema'> | null | undefined, engine: Hints): string | null =>
  neighbour?.schema ?? engine?.default_schema ?? null

/** The change that adds a table. */
export function newTable(name: string, schema: string | null, engine: Hints) {
  const id = { name: 'id', type: engine?.identity_type ?? 'bigint', nullable: false, identity: true } as unknown as LiveColumn
  const relation = { name, schema, kind: 'table', columns: [id], primary_key: ['id'] } as unknown as LiveRelation
  return { kind: 'AddTable' as const, table: name, schema, relation }
}

/** The change that adds a view; its columns are those of its query. */
export function newView(name: string, schema: string | null, definition: string) {
  return { kind: 'AddTable' as const, table: name, schema, relation: { name, schema, kind: 'view', columns: [], definition } as unknown as LiveRelation }
}
