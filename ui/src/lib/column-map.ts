// Owns the column map's arithmetic: filter, sort, totals, and the one scale of its bars.
import type { ColumnSummary, UsageKind } from '@/api/types'
import type { ColumnsSearch, ColumnSort } from './search-params'
import { KINDS } from './usage-kinds'

const CHANGES: readonly UsageKind[] = ['write', 'update']
const LOOKS: readonly UsageKind[] = ['read', 'projection', 'filter', 'join']

const sum = (column: ColumnSummary, kinds: readonly UsageKind[]) => kinds.reduce((total, kind) => total + column.counts[kind], 0)

/** Written or updated somewhere, looked at nowhere. */
export const isUnread = (column: ColumnSummary): boolean => sum(column, CHANGES) > 0 && sum(column, LOOKS) === 0

export const fullName = (column: ColumnSummary): string => `${column.table_name}.${column.column_name}`

function valueOf(column: ColumnSummary, sort: ColumnSort): string | number {
  if (sort === 'name') return fullName(column)
  if (sort === 'type') return column.type
  if (sort === 'total' || sort === 'files') return column[sort]
  return column.counts[sort]
}

/** Negative when a comes first in ascending order. */
export function compareColumns(a: ColumnSummary, b: ColumnSummary, sort: ColumnSort): number {
  const [left, right] = [valueOf(a, sort), valueOf(b, sort)]
  const order = typeof left === 'number' && typeof right === 'number' ? left - right : String(left).localeCompare(String(right))
  return order
}

/** Text sorts upward at first, figures downward. */
export const firstDirection = (sort: ColumnSort): 'asc' | 'desc' => (sort === 'name' || sort === 'type' ? 'asc' : 'desc')

function isShown(column: ColumnSummary, search: ColumnsSearch, words: readonly string[]): boolean {
  if (search.table && column.table_name !== search.table) return false
  if (search.use === 'used' && column.total === 0) return false
  if (search.use === 'unused' && column.total > 0) return false
  if (search.use === 'unread' && !isUnread(column)) return false
  const text = `${fullName(column)} ${column.type}`.toLowerCase()
  return words.every((word) => text.includes(word))
}

/** The columns the search asks for, in its order; equal ones stay in the order of their names. */
export function shownColumns(columns: readonly ColumnSummary[], search: ColumnsSearch): ColumnSummary[] {
  const words = (search.q ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const sort = search.sort ?? 'total'
  const sign = (search.dir ?? firstDirection(sort)) === 'asc' ? 1 : -1
  return columns
    .filter((column) => isShown(column, search, words))
    .sort((a, b) => sign * compareColumns(a, b, sort) || compareColumns(a, b, 'name'))
}

export interface ColumnTotals {
  columns: number
  usages: number
  tables: string[]
  used: number
  unused: number
  unread: number
  largest: number
  largestTotal: number
}

/** The figures of the whole codebase, not only of what is shown. */
export function columnTotals(columns: readonly ColumnSummary[]): ColumnTotals {
  const used = columns.filter((column) => column.total > 0).length
  return {
    columns: columns.length,
    usages: columns.reduce((total, column) => total + column.total, 0),
    tables: [...new Set(columns.map((column) => column.table_name))].sort(),
    used,
    unused: columns.length - used,
    unread: columns.filter(isUnread).length,
    largestTotal: Math.max(1, ...columns.map((column) => column.total)),
    largest: Math.max(1, ...columns.flatMap((column) => KINDS.map(({ kind }) => column.counts[kind]))),
  }
}
