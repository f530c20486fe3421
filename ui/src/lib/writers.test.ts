import { describe, expect, it } from 'vitest'
import type { Usage } from '@/api/types'
import { usage } from '@/testing/graph'
import { isWrite, writersOf } from './writers'

const write = (file_path: string, symbol: string, more: Partial<Usage> = {}): Usage => ({ ...usage('u.email', 'users', 'email'), file_path, symbol, usage_type: 'write', ...more })

describe('writersOf', () => {
  const usages = [write('a.py', 'add'), write('b.py', 'change', { usage_type: 'update' }), write('b.py', 'change', { line_number: 9 }), write('c.py', '', { usage_type: 'read' })]

  it('counts writes and updates by function, most frequent first', () => {
    expect(writersOf(usages, usage('u.id', 'users', 'id')).map((one) => [one.file, one.symbol, one.count])).toEqual([
      ['b.py', 'change', 2],
      ['a.py', 'add', 1],
    ])
  })

  it('puts the function that is looked at first', () => {
    expect(writersOf(usages, write('a.py', 'add')).map((one) => one.own)).toEqual([true, false])
  })

  it('knows that reads do not write', () => {
    expect(usages.map(isWrite)).toEqual([true, true, true, false])
  })
})
