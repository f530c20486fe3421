// Owns the order of a table in the address: `name,-price`.
import type { RowSort } from '@/api/types'

export function sortOf(text: string | undefined): RowSort[] {
  return (text ?? '').split(',').filter(Boolean).map((one) => ({ column: one.replace(/^-/, ''), descending: one.startsWith('-') }))
}

export const sortText = (sort: RowSort[]) => sort.map((one) => (one.descending ? '-' : '') + one.column).join(',') || undefined

/** The next order of a column: up, down, none; with Shift the others stay. */
export function nextSort(sort: RowSort[], column: string, more: boolean): RowSort[] {
  const now = sort.find((one) => one.column === column)
  const next = now === undefined ? [{ column, descending: false }] : now.descending ? [] : [{ column, descending: true }]
  return more ? [...sort.filter((one) => one.column !== column), ...next] : next
}
