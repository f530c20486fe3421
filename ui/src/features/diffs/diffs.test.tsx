import { describe, expect, it } from 'vitest'
import type { TableDiff } from '@/api/types'
import { columnsText, countText, differing } from './table-summary'

const table = (change: Partial<TableDiff>): TableDiff => ({ name: 't', status: 'equal', rows_before: 1, rows_after: 1, added: 0, removed: 0, changed: 0, columns: {}, exact: true, notes: [], ...change })

describe('the tables of a comparison', () => {
  it('tells a bound from a count', () => {
    expect(countText(0, true)).toBe('–')
    expect(countText(12_000, true)).toBe('12,000')
    expect(countText(12, false)).toBe('≥ 12')
    expect(countText(0, false)).toBe('≥ 0')
  })
  it('names the columns that differ most first', () => {
    expect(columnsText({ price: 1, title: 2 })).toBe('title 2, price 1')
    expect(columnsText({})).toBe('')
  })
  it('leaves equal tables out', () => {
    const tables = [table({ name: 'a' }), table({ name: 'b', status: 'changed' }), table({ name: 'c', status: 'added' })]
    expect(differing(tables).map((one) => one.name)).toEqual(['b', 'c'])
  })
})
