import { describe, expect, it } from 'vitest'
import { KEY_VALUE, RELATIONAL } from '@/testing/engines'
import { blockAt, editorDialect, lineAt } from './dialects'

describe('what runs at the caret', () => {
  it('is a line of Redis', () => {
    const text = 'GET a\nSET b 1\n\n'
    expect(lineAt(text, 2)).toEqual({ text: 'GET a', start: 0, end: 5 })
    expect(lineAt(text, 6)).toEqual({ text: 'SET b 1', start: 6, end: 13 })
    expect(lineAt(text, text.length)).toEqual({ text: 'SET b 1', start: 6, end: 13 })
    expect(lineAt('', 0)).toEqual({ text: '', start: 0, end: 0 })
  })
  it('is a block of MongoDB', () => {
    const text = 'db.a.find({\n  b: 1\n})\n\n\ndb.c.drop()\n'
    expect(blockAt(text, 13).text).toBe('db.a.find({\n  b: 1\n})')
    expect(blockAt(text, text.length).text.trim()).toBe('db.c.drop()')
    expect(text.slice(blockAt(text, text.length).start).startsWith('db.c')).toBe(true)
  })
})

describe('the query page of an engine', () => {
  it('is what the engine says', () => {
    expect(editorDialect(RELATIONAL)).toMatchObject({ title: 'SQL', formatter: 'sql', relational: true, explains: true, tree: 'table or column' })
    expect(editorDialect(KEY_VALUE)).toMatchObject({ title: 'Query', formatter: null, relational: false, starter: 'SCAN 0\n', tree: 'key prefix' })
  })
  it('runs what its unit is', () => {
    const text = 'GET a\nGET b;\nGET c'
    expect(editorDialect(KEY_VALUE).statementAt(text, 8).text).toBe('GET b;')
    expect(editorDialect(RELATIONAL).statementAt(text, 8).text).toBe('GET a\nGET b;')
  })
})
