// Owns the column map's arithmetic: filter, sort, totals, and the one scale of its bars.
import type { Column, ColumnSummary, UseState } from '@/api/types'
import type { ColumnsSearch, ColumnSort } from './search-params'
import { KINDS } from './usage-kinds'

/** What the page calls each answer of the server. */
export const USE_LABELS: Readonly<Record<UseState, string>> = { used: 'Used', unused: 'Unused', never_read: 'Never read', never_written: 'Never written' }

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

function isShown(column: Column, search: ColumnsSearch, words: readonly string[]): boolean {
  if (search.table && column.table_name !== search.table) return false
  if (search.use && column.use.state !== search.use) return false
  const text = `${fullName(column)} ${column.type}`.toLowerCase()
  return words.every((word) => text.includes(word))
}

/** The columns the search asks for, in its order; equal ones stay in the order of their names. */
export function shownColumns(columns: readonly Column[], search: ColumnsSearch): Column[] {
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
  largest: number
  largestTotal: number
}

/** The figures of the whole codebase, not only of what is shown. */
export function columnTotals(columns: readonly ColumnSummary[]): ColumnTotals {
  return {
    columns: columns.length,
    usages: columns.reduce((total, column) => total + column.total, 0),
    tables: [...new Set(columns.map((column) => column.table_name))].sort(),
    largestTotal: Math.max(1, ...columns.map((column) => column.total)),
    largest: Math.max(1, ...columns.flatMap((column) => KINDS.map(({ kind }) => column.counts[kind]))),
  }
}
