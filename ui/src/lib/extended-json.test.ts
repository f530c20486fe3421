import { describe, expect, it } from 'vitest'
import { documentOf, idText, describeValue, type Json } from './extended-json'

describe('values of Extended JSON', () => {
  it.each<[Json, string, string]>([
    [{ $oid: 'ab' }, 'id', 'ObjectId("ab")'],
    [{ $date: '2026-11-21T10:00:00Z' }, 'date', '2026-11-21T10:00:00Z'],
    [{ $date: { $numberLong: '-1' } }, 'date', '-1'],
    [{ $numberLong: '5' }, 'number', '5'],
    [{ $regularExpression: { pattern: '^a', options: 'i' } }, 'special', '/^a/i'],
    [{ $oid: 'ab', more: 1 }, 'object', '2 fields'],
    [{ $unknown: 1 }, 'object', '1 field'],
    [[1, 2], 'array', '2 items'],
    ['a"b', 'string', '"a\\"b"'],
    [null, 'null', 'null'],
    [true, 'boolean', 'true'],
  ])('%j is told as %s', (value, kind, text) => {
    expect(describeValue(value)).toEqual({ kind, text })
  })
  it('tells ids', () => {
    expect(idText('{"$oid": "ab"}')).toBe('ObjectId("ab")')
    expect(idText('7')).toBe('7')
    expect(idText('{"a": 1}')).toBe('{"a": 1}')
    expect(idText('{')).toBe('{')
  })
  it('knows no document in a text that was cut', () => {
    expect(documentOf('{"a": 1')).toBeNull()
    expect(documentOf('[1]')).toBeNull()
    expect(documentOf('{"a": 1}')).toEqual({ a: 1 })
  })
})
