// Owns what a foreign key asks of the table it refers to: which columns, what its rows are called by, and how they are searched. Pure.
import type { Cell, LiveColumn, LiveRelation, LiveSchema, ResultColumn, RowFilter } from '@/api/types'

export type ForeignKey = NonNullable<LiveRelation['foreign_keys']>[number]

/** A foreign key with the table that it refers to; `columns` and `refColumns` belong together in order. */
export interface Target {
  key: ForeignKey
  relation: LiveRelation
  columns: readonly string[]
  refColumns: readonly string[]
  /** The column that people know its rows by. */
  label: string | null
}

/** A row that may be referred to: its key, and the words beside it. */
export interface Candidate {
  key: readonly Cell[]
  words: readonly string[]
}

const TELLING = [/^(display_?|full_?|user_?)?name$/i, /^title$/i, /^e_?mail$/i, /^label$/i, /(name|title)$/i, /^(login|username|code|slug|subject|summary|description)$/i]
const TEXT = /char|text|string|clob|citext|^name$|^enum/i
const WORDS = 3
const LONGEST = 80

const isText = (column: LiveColumn) => TEXT.test(column.type ?? '') && !/\[|array/i.test(column.type ?? '')

/** The column that tells most about a row: a name, a title, an email, a label, else the first text. */
export function labelOf(relation: LiveRelation, key: readonly string[]): string | null {
  const texts = relation.columns.filter((column) => isText(column) && !key.includes(column.name))
  for (const pattern of TELLING) {
    const found = texts.find((column) => pattern.test(column.name))
    if (found) return found.name
  }
  return texts[0]?.name ?? null
}

/** Where the foreign keys that start at a column lead, those of one column first; none to tables that are not in the schema. */
export function targetsOf(relation: LiveRelation, column: string, schema: LiveSchema): Target[] {
  const keys = (relation.foreign_keys ?? []).filter((key) => key.columns.includes(column))
  return keys
    .flatMap((key) => {
      const home = key.ref_schema ?? relation.schema ?? null
      const found = schema.relations.find((one) => one.name === key.ref_table && (one.schema ?? null) === home)
      if (!found) return []
      // SQLite may leave out what a key refers to: then it is the primary key.
      const refColumns = key.ref_columns?.length ? key.ref_columns : (found.primary_key ?? [])
      return refColumns.length === key.columns.length ? [{ key, relation: found, columns: key.columns, refColumns, label: labelOf(found, refColumns) }] : []
    })
    .sort((a, b) => a.columns.length - b.columns.length)
}

const typeOf = (relation: LiveRelation, column: string) => relation.columns.find((one) => one.name === column)?.type ?? ''
const filter = (column: string, operator: RowFilter['operator'], value: Cell): RowFilter => ({ column, operator, value, values: [] })

/** The conditions of a search, each a question of its own: the exact key, keys that begin so, words that hold it. */
export function searches({ relation, refColumns, label }: Target, typed: string): RowFilter[][] {
  const text = typed.trim()
  if (text === '') return []
  const keys = refColumns.filter((name) => !/blob|binary|bytea/i.test(typeOf(relation, name)))
  const exact = keys.filter((name) => fits(typeOf(relation, name), text)).map((name) => [filter(name, '=', text)])
  const begun = keys.map((name) => [filter(name, 'starts', text)])
  return [...(refColumns.length === 1 ? exact : []), ...begun, ...(label ? [[filter(label, 'contains', text)]] : [])]
}

/** Whether a text can be a value of the type at all, so that the database need not refuse it. */
function fits(type: string, text: string): boolean {
  if (/int|serial|numeric|decimal|real|double|float|number/i.test(type)) return /^-?\d+(\.\d+)?$/.test(text)
  return /uuid/i.test(type) ? /^[0-9a-f-]{32,36}$/i.test(text) : TEXT.test(type)
}

export const exactly = ({ refColumns }: Target, key: readonly Cell[]): RowFilter[] => refColumns.map((name, at) => filter(name, '=', key[at] ?? null))

/** The rows of a page as candidates: the key, then the label, then the first other texts. */
export function candidatesOf({ refColumns, label }: Target, columns: readonly ResultColumn[], rows: readonly (readonly Cell[])[]): Candidate[] {
  const at = (name: string) => columns.findIndex((column) => column.name === name)
  const keys = refColumns.map(at)
  const texts = columns.map((column, place) => ({ column, place })).filter(({ column, place }) => column.kind === 'text' && !keys.includes(place) && column.name !== label)
  const places = [...(label === null ? [] : [at(label)]), ...texts.map(({ place }) => place)].slice(0, WORDS)
  return rows.map((row) => ({ key: keys.map((place) => row[place] ?? null), words: places.map((place) => row[place]).filter((cell) => cell !== null && cell !== undefined && cell !== '').map((cell) => String(cell).slice(0, LONGEST)) }))
}

export const keyName = (key: readonly Cell[]): string => key.map((cell) => (cell === null ? 'NULL' : String(cell))).join(' · ')

/** Several lists as one, each key once, in the order given. */
export function merged(lists: readonly (readonly Candidate[])[]): Candidate[] {
  const seen = new Set<string>()
  return lists.flat().filter(({ key }) => !seen.has(JSON.stringify(key)) && seen.add(JSON.stringify(key)))
}

/** What the starting columns hold when nothing is referred to; null when none of them may be empty. */
export function noneOf(relation: LiveRelation, columns: readonly string[]): Record<string, Cell> | null {
  const empty = columns.filter((name) => relation.columns.find((one) => one.name === name)?.nullable)
  return empty.length > 0 ? Object.fromEntries(empty.map((name) => [name, null])) : null
}

export const valuesOf = ({ columns }: Target, key: readonly Cell[]): Record<string, Cell> => Object.fromEntries(columns.map((name, at) => [name, key[at] ?? null]))
