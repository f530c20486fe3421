import { describe, expect, it } from 'vitest'
import type { Tier, UsageKind } from '@/api/types'
import { bookshopGraph, usage } from '@/testing/graph'
import { edgeName, filterCounts, graphView, usesWholeRows, withWholeRows } from './graph-view'
import { KINDS } from './usage-kinds'

const all = { kinds: new Set<UsageKind>(KINDS.map((info) => info.kind)), tiers: new Set<Tier>(['A', 'B', 'C']) }

describe('graphView', () => {
  it('joins the kinds between one column and one function into one edge of the commonest kind', () => {
    const edge = graphView(bookshopGraph(), all).edges.find((one) => one.symbol === 'register')
    expect(edge).toMatchObject({ kind: 'write', count: 3, line_number: 12 })
    expect(edge && edgeName(edge)).toBe('service.py:12')
  })

  it('drops functions and files that no shown kind reaches, and counts what is left', () => {
    const view = graphView(bookshopGraph(), { ...all, kinds: new Set<UsageKind>(['filter']) })
    expect(view.files.map((file) => [file.file_path, file.total])).toEqual([['app/service.py', 2]])
    expect(view.usages).toBe(2)
  })

  it('filters by confidence too', () => {
    const view = graphView(bookshopGraph(), { ...all, tiers: new Set<Tier>(['B']) })
    expect(view.edges.map((edge) => edge.symbol)).toEqual(['total'])
  })

  it('keeps used and related columns, a few idle ones, and says how many more there are', () => {
    const users = graphView(bookshopGraph(), all).tables.find((table) => table.name === 'users')
    expect(users?.columns.map((column) => column.name)).toEqual(['email', 'id', 'name', 'fax', 'phone'])
    expect(users?.more).toBe(1)
  })
})

describe('filterCounts', () => {
  it('counts usages, not edges, whatever is filtered', () => {
    const counts = filterCounts(bookshopGraph())
    expect(counts.all).toBe(5)
    expect(counts.kinds).toMatchObject({ write: 2, filter: 2, join: 1, read: 0 })
    expect(counts.tiers).toEqual({ A: 3, B: 1, C: 1 })
  })
})

describe('whole rows', () => {
  it('give an edge without a column a row of its table to start from', () => {
    const graph = bookshopGraph()
    graph.edges.push({ ...graph.edges[0]!, column_id: 'u.*', usage_type: 'delete', count: 1 })
    expect(usesWholeRows(bookshopGraph())).toBe(false)
    expect(usesWholeRows(graph)).toBe(true)
    const whole = withWholeRows(graph, [usage('u.*', 'users', '*'), usage('u.email', 'users', 'email')])
    expect(whole.tables[0]?.columns[0]).toMatchObject({ column_id: 'u.*', name: '*', total: 1 })
    expect(usesWholeRows(whole)).toBe(false)
  })
})
