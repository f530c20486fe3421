import { describe, expect, it } from 'vitest'
import type { Difference } from '@/api/types'
import { byTable, isFile } from './drift'

const difference = (table: string, name: string): Difference => ({ table, name, part: 'type', title: `type of ${table}.${name}`, a: 'text', b: 'integer', at_a: null, at_b: null })

describe('byTable', () => {
  it('groups differences and keeps their order', () => {
    const groups = byTable([difference('users', 'id'), difference('posts', 'id'), difference('users', 'email')])
    expect(groups.map((group) => [group.table, group.differences.map((item) => item.name)])).toEqual([
      ['users', ['id', 'email']],
      ['posts', ['id']],
    ])
  })

  it('has no group without differences', () => {
    expect(byTable([])).toEqual([])
  })
})

describe('isFile', () => {
  it('tells lines of code from databases', () => {
    expect([isFile(null), isFile({ file: 'shop', line: 0 }), isFile({ file: 'models.py', line: 3 })]).toEqual([false, false, true])
  })
})
