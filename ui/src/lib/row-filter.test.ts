import { describe, expect, it } from 'vitest'
import { parseFilter } from './row-filter'

const columns = ['id', 'name', 'Full Name']

describe('the filter bar', () => {
  it('reads several conditions', () =>
    expect(parseFilter("id > 5 and name ~ 'a and b' and id is not null", columns).filters).toEqual([
      { column: 'id', operator: '>', value: '5' },
      { column: 'name', operator: 'contains', value: 'a and b' },
      { column: 'id', operator: 'is not null' },
    ]))
  it('reads lists and quoted names', () =>
    expect(parseFilter('"full name" in (x, \'y\')', columns).filters).toEqual([{ column: 'Full Name', operator: 'in', values: ['x', 'y'] }]))
  it('says which column it does not know', () => expect(parseFilter('nam = 1', columns).error).toContain('no column nam'))
  it('says how a condition looks', () => expect(parseFilter('id', columns).error).toContain('id = value'))
})
