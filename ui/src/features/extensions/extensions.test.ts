import { describe, expect, it } from 'vitest'
import type { Extension } from '@/api/types'
import { actionsOf, matching } from './extensions'

const extension = (name: string, rest: Partial<Extension> = {}): Extension => ({
  name, description: '', version: '1.0', installed: null, schema: null, requires: [], refused: null, outdated: false, ...rest,
})

describe('the list', () => {
  it('has installed extensions first, and those whose name or description contains the text', () => {
    const items = [extension('citext', { description: 'case-insensitive text' }), extension('hstore'), extension('ltree', { installed: '1.0' })]
    expect(matching(items, '').map((item) => item.name)).toEqual(['ltree', 'citext', 'hstore'])
    expect(matching(items, ' TEXT').map((item) => item.name)).toEqual(['citext'])
    expect(matching(items, 'nothing')).toEqual([])
  })
})

describe('the actions', () => {
  it('are those that the server would accept', () => {
    expect(actionsOf(extension('a'))).toEqual(['install'])
    expect(actionsOf(extension('a', { refused: 'Only a superuser of the server can install it.' }))).toEqual([])
    expect(actionsOf(extension('a', { installed: '1.0' }))).toEqual(['remove'])
    expect(actionsOf(extension('a', { installed: '0.9', outdated: true }))).toEqual(['update', 'remove'])
  })
})
