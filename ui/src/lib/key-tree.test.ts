import { describe, expect, it } from 'vitest'
import { keyRows } from './key-tree'

const keys = (...ids: string[]) => ids.map((id) => ({ id, type: 'string' }))
const shown = (ids: string[], open: string[]) => keyRows(keys(...ids), (path) => open.includes(path)).map((row) => `${' '.repeat(row.depth)}${row.name}${row.keys === null ? '' : ` (${row.keys})`}`)

describe('the tree of keys', () => {
  it('groups by colons and shows only what is open', () => {
    const ids = ['user:10', 'user:2', 'user:2:cart', 'visits', 'log']
    expect(shown(ids, [])).toEqual(['user (3)', 'log', 'visits'])
    expect(shown(ids, ['user:'])).toEqual(['user (3)', ' 2:cart', ' 2', ' 10', 'log', 'visits'])
  })
  it('leaves a single key and an escaped name whole', () => {
    expect(shown(['a:b:c', '"x\\x00:y"'], [])).toEqual(['a:b:c', '"x\\x00:y"'])
  })
  it('knows keys with empty parts', () => {
    expect(shown(['a:', 'a::b', ''], ['a:'])).toEqual(['a (2)', ' :b', ' a:', ''])
  })
})
