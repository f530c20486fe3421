import { describe, expect, it } from 'vitest'
import { fileWords } from './export-dialog'

describe('what a file will be', () => {
  it('names the program that loads a script', () => {
    expect(fileWords('sql', 3, 'mysql')).toContain('mysql loads into an empty database')
    expect(fileWords('sql', 3, 'somebody')).toContain('the engine’s own program')
  })
  it('tells one file from a ZIP', () => {
    expect(fileWords('csv', 1, 'sqlite')).toBe('One CSV file.')
    expect(fileWords('parquet', 2, 'sqlite')).toBe('A ZIP with 2 Parquet files.')
  })
})
