// Owns staged changes of a schema: folded into what the diagram shows, told in words, never half applied.
import type { LiveColumn, LiveRelation } from '@/api/types'

type At = { table: string; schema: string | null }

type Key = NonNullable<LiveRelation['foreign_keys']>[number]

/** The changes that the designer makes; the server's own family, by the same names. */
export type Staged =
  | (At & { kind: 'AddTable'; relation: LiveRelation })
  | (At & { kind: 'DropTable' })
  | (At & { kind: 'RenameTable'; new_name: string })
  | (At & { kind: 'AddColumn'; column: LiveColumn })
  | (At & { kind: 'DropColumn'; column: string })
  | (At & { kind: 'RenameColumn'; column: string; new_name: string })
  | (At & { kind: 'AlterType'; column: string; type: string; was: string })
  | (At & { kind: 'SetNullable'; column: string; nullable: boolean })
  | (At & { kind: 'SetDefault'; column: string; default: string | null; was: string | null })
  | (At & { kind: 'AddForeignKey'; key: Key })
  | (At & { kind: 'DropForeignKey'; name: string | null; columns: string[] })

export const idOf = (one: { name: string; schema?: string | null }): string => `${one.schema ?? ''}.${one.name}`
export const placeOf = (relation: LiveRelation): At => ({ table: relation.name, schema: relation.schema ?? null })

export type Mark = 'new' | 'changed'

export interface Folded {
  relations: LiveRelation[]
  /** What is new or changed: tables by id, columns by "id column". */
  marks: ReadonlyMap<string, Mark>
  /** The changes that still fit, in order. */
  kept: Staged[]
}

const sameKey = (key: Key, columns: readonly string[]) => key.columns.join() === columns.join()

const renamed = (list: readonly string[] | undefined, from: string, to: string) => (list ?? []).map((one) => (one === from ? to : one))

function refersTo(key: Key, relation: LiveRelation): boolean {
  return key.ref_table === relation.name && (!key.ref_schema || !relation.schema || key.ref_schema === relation.schema)
}

/** A table after a change to it, or null when the change does not fit it. */
function changed(relation: LiveRelation, change: Staged): LiveRelation | null {
  const has = (name: string) => relation.columns.some((column) => column.name === name)
  const edited = (name: string, edit: Partial<LiveColumn>) =>
    has(name) ? { ...relation, columns: relation.columns.map((column) => (column.name === name ? { ...column, ...edit } : column)) } : null
  switch (change.kind) {
    case 'RenameTable':
      return { ...relation, name: change.new_name }
    case 'AddColumn':
      return has(change.column.name) ? null : { ...relation, columns: [...relation.columns, change.column] }
    case 'DropColumn':
      return has(change.column)
        ? {
            ...relation,
            columns: relation.columns.filter((column) => column.name !== change.column),
            primary_key: (relation.primary_key ?? []).filter((name) => name !== change.column),
            foreign_keys: (relation.foreign_keys ?? []).filter((key) => !key.columns.includes(change.column)),
          }
        : null
    case 'RenameColumn': {
      if (!has(change.column) || has(change.new_name)) return null
      const next = edited(change.column, { name: change.new_name })
      return next && { ...next, primary_key: renamed(relation.primary_key, change.column, change.new_name), foreign_keys: (relation.foreign_keys ?? []).map((key) => ({ ...key, columns: renamed(key.columns, change.column, change.new_name) })) }
    }
    case 'AlterType':
      return edited(change.column, { type: change.type })
    case 'SetNullable':
      return edited(change.column, { nullable: change.nullable })
    case 'SetDefault':
      return edited(change.column, { default: change.default })
    case 'AddForeignKey':
      return change.key.columns.every(has) ? { ...relation, foreign_keys: [...(relation.foreign_keys ?? []), change.key] } : null
    case 'DropForeignKey':
      return (relation.foreign_keys ?? []).some((key) => sameKey(key, change.columns)) ? { ...relation, foreign_keys: (relation.foreign_keys ?? []).filter((key) => !sameKey(key, change.columns)) } : null
    default:
      return null
  }
}

/** The keys of other tables, after a table or column that they refer to was renamed or dropped. */
function followed(other: LiveRelation, relation: LiveRelation, change: Staged): LiveRelation {
  const keys = other.foreign_keys ?? []
  if (!keys.some((key) => refersTo(key, relation))) return other
  const next = keys.flatMap((key): Key[] => {
    if (!refersTo(key, relation)) return [key]
    if (change.kind === 'DropTable' || (change.kind === 'DropColumn' && (key.ref_columns ?? []).includes(change.column))) return []
    if (change.kind === 'RenameTable') return [{ ...key, ref_table: change.new_name }]
    if (change.kind === 'RenameColumn') return [{ ...key, ref_columns: renamed(key.ref_columns, change.column, change.new_name) }]
    return [key]
  })
  return { ...other, foreign_keys: next }
}

function fold(relations: LiveRelation[], change: Staged): LiveRelation[] | null {
  const at = relations.findIndex((one) => one.name === change.table && (one.schema ?? null) === change.schema)
  if (change.kind === 'AddTable') return at >= 0 ? null : [...relations, change.relation]
  const relation = relations[at]
  if (!relation) return null
  if (change.kind === 'RenameTable' && relations.some((one) => one.name === change.new_name && one.schema === relation.schema)) return null
  if (change.kind === 'AddForeignKey') {
    const target = relations.find((one) => refersTo(change.key, one))
    if (!target || !(change.key.ref_columns ?? []).every((name) => target.columns.some((column) => column.name === name))) return null
  }
  if (change.kind === 'DropTable') return relations.filter((one) => one !== relation).map((one) => followed(one, relation, change))
  const next = changed(relation, change)
  return next && relations.map((one) => followed(one === relation ? next : one, relation, change))
}

const columnOf = (change: Staged): string | null => {
  if (change.kind === 'AddColumn') return change.column.name
  if (change.kind === 'RenameColumn') return change.new_name
  return 'column' in change ? change.column : change.kind === 'AddForeignKey' ? (change.key.columns[0] ?? null) : null
}

/** The schema after the changes; those that no longer fit fall away, such as a column of a table that is not added now. */
export function folded(relations: readonly LiveRelation[], changes: readonly Staged[]): Folded {
  let now = [...relations]
  const kept: Staged[] = []
  const marks = new Map<string, Mark>()
  for (const change of changes) {
    const next = fold(now, change)
    if (next === null) continue
    now = next
    kept.push(change)
    const id = idOf({ name: change.kind === 'RenameTable' ? change.new_name : change.table, schema: change.schema })
    if (change.kind === 'AddTable') marks.set(id, 'new')
    else if (marks.get(id) !== 'new') marks.set(id, 'changed')
    const column = columnOf(change)
    if (column && marks.get(`${id} ${column}`) !== 'new') marks.set(`${id} ${column}`, change.kind === 'AddColumn' ? 'new' : 'changed')
  }
  return { relations: now, marks, kept }
}

/** "Add column email to users": a change in words. */
export function describeChange(change: Staged): string {
  const table = change.table
  switch (change.kind) {
    case 'AddTable':
      return `Add table ${table}`
    case 'DropTable':
      return `Drop table ${table}`
    case 'RenameTable':
      return `Rename table ${table} to ${change.new_name}`
    case 'AddColumn':
      return `Add column ${table}.${change.column.name} ${change.column.type ?? ''}`.trim()
    case 'DropColumn':
      return `Drop column ${table}.${change.column}`
    case 'RenameColumn':
      return `Rename column ${table}.${change.column} to ${change.new_name}`
    case 'AlterType':
      return `Change type of ${table}.${change.column} to ${change.type}`
    case 'SetNullable':
      return change.nullable ? `Allow NULL in ${table}.${change.column}` : `Set NOT NULL on ${table}.${change.column}`
    case 'SetDefault':
      return change.default === null ? `Drop the default of ${table}.${change.column}` : `Set the default of ${table}.${change.column} to ${change.default}`
    case 'AddForeignKey':
      return `Add foreign key from ${table}.${change.key.columns.join(', ')} to ${change.key.ref_table}.${(change.key.ref_columns ?? []).join(', ')}`
    case 'DropForeignKey':
      return `Drop foreign key of ${table}.${change.columns.join(', ')}`
  }
}

/** The foreign key that a line from one column to another means: a key that is dragged to a plain column is meant the other way round. */
export function keyBetween(from: { relation: LiveRelation; column: string }, to: { relation: LiveRelation; column: string }): Staged {
  const isKey = (end: typeof from) => end.relation.primary_key?.length === 1 && end.relation.primary_key[0] === end.column
  const [child, parent] = isKey(from) && !isKey(to) ? [to, from] : [from, to]
  const key = { columns: [child.column], ref_table: parent.relation.name, ref_schema: parent.relation.schema ?? null, ref_columns: [parent.column], name: `${child.relation.name}_${child.column}_fkey`.slice(0, 63) } as Key
  return { kind: 'AddForeignKey', ...placeOf(child.relation), key }
}
