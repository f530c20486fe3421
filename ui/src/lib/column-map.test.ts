import { describe, expect, it } from 'vitest'
import { column } from '@/testing/graph'
import { columnTotals, shownColumns } from './column-map'

const columns = [
  column('users.email', 'used', { read: 4, write: 1 }, { type: 'citext' }),
  column('users.fax', 'unused'),
  column('books.title', 'never_written', { projection: 9 }),
  column('orders.note', 'never_read', { write: 2 }),
]
const names = (search: Parameters<typeof shownColumns>[1]) => shownColumns(columns, search).map((column) => column.column_id)

describe('shownColumns', () => {
  it('puts the most used first, equal ones by name', () => {
    expect(names({})).toEqual(['books.title', 'users.email', 'orders.note', 'users.fax'])
  })

  it('sorts text upward and figures downward unless told otherwise', () => {
    expect(names({ sort: 'name' })[0]).toBe('books.title')
    expect(names({ sort: 'write' })[0]).toBe('orders.note')
    expect(names({ sort: 'total', dir: 'asc' })[0]).toBe('users.fax')
  })

  it('searches table, column and type, all words', () => {
    expect(names({ q: 'users cit' })).toEqual(['users.email'])
  })

  it('filters by table and by the use that the server has decided', () => {
    expect(names({ table: 'users', use: 'unused' })).toEqual(['users.fax'])
    expect(names({ use: 'never_read' })).toEqual(['orders.note'])
    expect(names({ use: 'never_written' })).toEqual(['books.title'])
  })
})

describe('columnTotals', () => {
  it('counts the whole codebase', () => {
    expect(columnTotals(columns)).toEqual({
      columns: 4,
      usages: 16,
      tables: ['books', 'orders', 'users'],
      largest: 9,
      largestTotal: 9,
    })
  })
})
