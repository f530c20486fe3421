// Owns staged edits of a table: what was changed, added and deleted on the screen and not yet in the database. Pure.
import type { Cell, ResultColumn, StagedEdit } from '@/api/types'

export interface Staged {
  /** Changed cells by row key, then by column. */
  changed: ReadonlyMap<string, { key: Record<string, Cell>; was: Record<string, Cell>; values: Record<string, Cell> }>
  deleted: ReadonlyMap<string, { key: Record<string, Cell> }>
  added: readonly Record<string, Cell>[]
}

export const NOTHING: Staged = { changed: new Map(), deleted: new Map(), added: [] }

export const size = (staged: Staged): number => staged.changed.size + staged.deleted.size + staged.added.length

export function keyOf(names: readonly string[], columns: readonly ResultColumn[], row: readonly Cell[]): Record<string, Cell> {
  return Object.fromEntries(names.map((name) => [name, row[columns.findIndex((column) => column.name === name)] ?? null]))
}

export const keyText = (key: Record<string, Cell>): string => JSON.stringify(key)

export function setCell(staged: Staged, key: Record<string, Cell>, column: string, was: Cell, value: Cell): Staged {
  const text = keyText(key)
  const before = staged.changed.get(text) ?? { key, was: {}, values: {} }
  const original = column in before.was ? (before.was[column] ?? null) : was
  const next = { key, was: { ...before.was, [column]: original }, values: { ...before.values, [column]: value } }
  if (value === original) {
    delete next.was[column]
    delete next.values[column]
  }
  const changed = new Map(staged.changed)
  if (Object.keys(next.values).length === 0) changed.delete(text)
  else changed.set(text, next)
  return { ...staged, changed }
}

export function toggleDelete(staged: Staged, keys: Record<string, Cell>[]): Staged {
  const deleted = new Map(staged.deleted)
  for (const key of keys) if (!deleted.delete(keyText(key))) deleted.set(keyText(key), { key })
  return { ...staged, deleted }
}

export const addRow = (staged: Staged, values: Record<string, Cell>): Staged => ({ ...staged, added: [...staged.added, values] })

export function setAdded(staged: Staged, at: number, column: string, value: Cell): Staged {
  return { ...staged, added: staged.added.map((row, number) => (number === at ? { ...row, [column]: value } : row)) }
}

/** The edits in an order that works: deletes, updates, inserts; a deleted row needs no update. */
export function edits(staged: Staged): StagedEdit[] {
  const none = { key: {}, was: {}, values: {} }
  return [
    ...[...staged.deleted.values()].map(({ key }) => ({ ...none, kind: 'delete' as const, key })),
    ...[...staged.changed.entries()].filter(([text]) => !staged.deleted.has(text)).map(([, change]) => ({ kind: 'update' as const, ...change })),
    ...staged.added.map((values) => ({ ...none, kind: 'insert' as const, values })),
  ]
}
