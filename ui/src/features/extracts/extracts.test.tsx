import { describe, expect, it } from 'vitest'
import { fileWords, formatsOf } from './export-dialog'
import { linkWords, usedWords } from './links'

describe('what a file will be', () => {
  it('names the program that loads a script', () => {
    expect(fileWords('sql', 3, 'mysql')).toContain('into an empty database with mysql')
    expect(fileWords('sql', 3, null)).toContain('the client of the engine')
  })
  it('tells one file from a ZIP', () => {
    expect(fileWords('csv', 1, null)).toBe('One CSV file.')
    expect(fileWords('parquet', 2, null)).toBe('A ZIP with 2 Parquet files.')
  })
  it('offers SQL for SQL, and JSON first for documents', () => {
    expect(formatsOf(true).map((one) => one.value)).toContain('sql')
    expect(formatsOf(false).map((one) => one.value)).toEqual(['ndjson', 'json', 'csv', 'parquet'])
  })
})

describe('a link that works', () => {
  it('says what it gives', () => {
    expect(linkWords({ format: 'sql', tables: null })).toBe('SQL, all tables')
    expect(linkWords({ format: 'csv', tables: ['public.note'] })).toBe('CSV, public.note')
    expect(linkWords({ format: 'parquet', tables: ['a', 'b'] })).toBe('PARQUET, 2 tables')
  })
  it('says how often it was used', () => {
    const until = { expires_at: '2026-11-22T10:00:00Z' }
    expect(usedWords({ uses: 0, ...until })).toMatch(/^not used, until /)
    expect(usedWords({ uses: 1, ...until })).toMatch(/^used once, until /)
    expect(usedWords({ uses: 3, ...until })).toMatch(/^used 3 times, until /)
  })
})
