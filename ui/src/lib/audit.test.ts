import { expect, test } from 'vitest'
import { auditQueryOf, auditSearch, doorOf, summary } from './audit'

test('what the page cannot ask for is dropped from the URL', () => {
  const odd = { action: 'DROP TABLE', outcome: 'great', database: '1', since: 'yesterday', until: '2026-13-45T99:99', q: 'x'.repeat(500) }
  expect(auditSearch(odd)).toEqual({ q: 'x'.repeat(200), person: undefined, action: undefined, outcome: undefined, database: undefined, since: undefined, until: undefined })
})

test('moments are sent as instants', () => {
  const search = auditSearch({ since: '2026-11-21T10:00', action: 'statement.' })
  const query = auditQueryOf(search)
  expect(query.since).toBe(new Date('2026-11-21T10:00').toISOString())
  expect(query.until).toBeUndefined()
  expect(query.action).toBe('statement.')
})

test('the door names the key', () => {
  const actor = { id: null, email: 'a@example.org', kind: 'key' as const, key_name: 'Deploy' }
  expect(doorOf({ door: 'api', actor })).toBe('API, key Deploy')
  expect(doorOf({ door: 'web', actor: { ...actor, key_name: '' } })).toBe('web app')
})

test('a statement is its own summary', () => {
  expect(summary({ statement: 'DELETE FROM t', rows: 2 })).toBe('DELETE FROM t')
  expect(summary({ count: 3, code: '', name: 'x' })).toBe('count: 3, name: x')
})
