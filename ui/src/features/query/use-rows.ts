// Owns the rows of one table, filtered and sorted.
import type { RowFilter, RowSort } from '@/api/types'
import { useRowPages } from '@/lib/use-row-pages'
import { readRows } from './api'

interface RowList {
  database: string
  table: string
  schema: string | null
  filters: RowFilter[]
  sort: RowSort[]
}

export function useRows({ database, ...list }: RowList) {
  return useRowPages(database, JSON.stringify([database, list]), (range) => readRows(database, { ...list, ...range }))
}
