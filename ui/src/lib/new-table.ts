// Owns what a new table or view begins with: the namespace that its neighbours are in, and an id which counts by itself.
import type { LiveColumn, LiveRelation } from '@/api/types'

/** The namespace for new tables, null on engines that have none. */
export const homeOf = (neighbour: Pick<LiveRelation, 'schema'> | null | undefined, engine: string): string | null =>
  neighbour?.schema ?? (engine === 'postgresql' ? 'public' : null)

/** The change that adds a table; SQLite counts only integers. */
export function newTable(name: string, schema: string | null, engine: string) {
  const id = { name: 'id', type: engine === 'sqlite' ? 'integer' : 'bigint', nullable: false, identity: true } as unknown as LiveColumn
  const relation = { name, schema, kind: 'table', columns: [id], primary_key: ['id'] } as unknown as LiveRelation
  return { kind: 'AddTable' as const, table: name, schema, relation }
}

/** The change that adds a view; its columns are those of its query. */
export function newView(name: string, schema: string | null, definition: string) {
  return { kind: 'AddTable' as const, table: name, schema, relation: { name, schema, kind: 'view', columns: [], definition } as unknown as LiveRelation }
}
