import { describe, expect, it } from 'vitest'
import type { Tier, UsageKind } from '@/api/types'
import { bookshopGraph } from '@/testing/graph'
import { filterCounts, lineName, merged, type Shown } from './graph-view'
import { KINDS } from './usage-kinds'

const all: Shown = { kinds: new Set<UsageKind>(KINDS.map((info) => info.kind)), tiers: new Set<Tier>(['A', 'B', 'C']), language: undefined }

describe('the numbers of the filters', () => {
  it('count all usages when nothing is filtered', () => {
    const counts = filterCounts(bookshopGraph().totals, all)
    expect(counts.all).toBe(5)
    expect(counts.kinds).toMatchObject({ write: 2, filter: 2, join: 1, read: 0 })
    expect(counts.tiers).toEqual({ A: 3, B: 1, C: 1 })
    expect(counts.languages).toEqual([['python', 4], ['sql', 1]])
  })

  it('of one filter count what passes the others, so that a choice can be changed', () => {
    const counts = filterCounts(bookshopGraph().totals, { ...all, kinds: new Set<UsageKind>(['filter']), language: 'sql' })
    expect(counts.kinds).toMatchObject({ write: 0, filter: 1 })
    expect(counts.languages).toEqual([['python', 1], ['sql', 1]])
    expect(counts.tiers).toEqual({ A: 0, B: 0, C: 1 })
  })
})

describe('merged', () => {
  it('has everything of both graphs once', () => {
    const graph = bookshopGraph()
    expect(merged(graph, bookshopGraph())).toEqual(graph)
    const edge = { ...graph.edges[0]!, symbol: 'rename', file_path: 'app/names.py' }
    const other = { ...graph, edges: [edge], code: [{ file_path: 'app/names.py', language: 'python', total: 1, symbols: [{ symbol: 'rename', total: 1, counts: {} }] }] }
    const both = merged(graph, other)
    expect(both.code.map((file) => file.file_path)).toEqual(['app/service.py', 'app/orders.py', 'app/names.py'])
    expect(both.edges).toHaveLength(graph.edges.length + 1)
    expect(both.hidden).toEqual(graph.hidden)
  })

  it('joins the functions of a file and the columns of a table', () => {
    const graph = bookshopGraph()
    const other = bookshopGraph()
    other.code = [{ ...other.code[0]!, symbols: [{ symbol: 'rename', total: 1, counts: {} }] }]
    other.tables = [{ ...other.tables[1]!, columns: [{ column_id: 'o.*', name: '*', type: '', primary_key: false, total: 1 }] }]
    const both = merged(graph, other)
    expect(both.code[0]?.symbols.map((item) => item.symbol).sort()).toEqual(['login', 'register', 'rename'])
    expect(both.tables[1]?.columns.map((column) => column.name)).toEqual(['user_id', '*'])
  })
})

it('names a line by its file', () => {
  expect(lineName({ file_path: 'app/service.py', line_number: 12 })).toBe('service.py:12')
})
