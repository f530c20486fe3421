import { describe, expect, it } from 'vitest'
import { columnsSearch, lineageSearch, shownKinds, shownTiers } from './search-params'

describe('lineageSearch', () => {
  it('keeps what it knows', () => {
    const search = lineageSearch({ table: 'users', column: 'email', depth: 2, view: 'list', kinds: 'update,read' })
    expect(search).toMatchObject({ table: 'users', column: 'email', depth: 2, view: 'list', kinds: 'read,update' })
  })

  it('drops what it does not know', () => {
    const search = lineageSearch({ depth: 9, view: 'pie', kinds: 'drop', tiers: 42, usage: { a: 1 } })
    expect(Object.values(search).filter((value) => value !== undefined)).toEqual([])
  })

  it('takes a column whose name is a number', () => {
    expect(lineageSearch({ table: 't', column: 2024 }).column).toBe('2024')
  })
})

describe('what is shown', () => {
  it('is everything without a choice, and everything chosen is no choice', () => {
    expect(shownKinds({}).size).toBe(7)
    expect(lineageSearch({ tiers: 'A,B,C' }).tiers).toBeUndefined()
  })

  it('is what was chosen', () => {
    expect([...shownKinds({ kinds: 'read,join' })]).toEqual(['read', 'join'])
    expect([...shownTiers({ tiers: 'A' })]).toEqual(['A'])
  })
})

describe('columnsSearch', () => {
  it('allows only real sort orders', () => {
    expect(columnsSearch({ sort: 'filter', dir: 'asc', use: 'unused' })).toMatchObject({ sort: 'filter', dir: 'asc', use: 'unused' })
    expect(columnsSearch({ sort: 'colour', dir: 'up' })).toMatchObject({ sort: undefined, dir: undefined })
  })
})
