import { describe, expect, it } from 'vitest'
import { summary } from '@/testing/graph'
import { columnTotals, isUnread, shownColumns } from './column-map'

const columns = [
  summary('users.email', { read: 4, write: 1 }, { type: 'citext' }),
  summary('users.fax'),
  summary('books.title', { projection: 9 }),
  summary('orders.note', { write: 2 }),
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

  it('filters by table and by use', () => {
    expect(names({ table: 'users', use: 'unused' })).toEqual(['users.fax'])
    expect(names({ use: 'unread' })).toEqual(['orders.note'])
  })
})

describe('columnTotals', () => {
  it('counts the whole codebase', () => {
    expect(columnTotals(columns)).toEqual({
      columns: 4,
      usages: 16,
      tables: ['books', 'orders', 'users'],
      used: 3,
      unused: 1,
      unread: 1,
      largest: 9,
      largestTotal: 9,
    })
  })

  it('does not call an unused column unread', () => {
    expect(isUnread(summary('users.fax'))).toBe(false)
  })
})
