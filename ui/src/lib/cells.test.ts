import { describe, expect, it } from 'vitest'
import type { ResultColumn } from '@/api/types'
import { formatRows } from './cells'

const columns = [{ name: 'id' }, { name: 'Full name' }] as ResultColumn[]
const rows = [
  [1, "O'Neil, \"Ann\""],
  [2, null],
]

describe('rows on the clipboard', () => {
  it('quotes CSV where it must and leaves NULL empty', () => {
    expect(formatRows('csv', columns, rows)).toBe('id,Full name\r\n1,"O\'Neil, ""Ann"""\r\n2,')
  })
  it('keeps one row on one line of TSV', () => {
    expect(formatRows('tsv', columns, [[1, 'a\tb\nc']])).toBe('id\tFull name\n1\ta b c')
  })
  it('writes SQL that can be run', () => {
    expect(formatRows('sql', columns, rows, 'people')).toBe(
      `INSERT INTO people (id, "Full name") VALUES (1, 'O''Neil, "Ann"');\nINSERT INTO people (id, "Full name") VALUES (2, NULL);`,
    )
  })
  it('writes JSON with nulls', () => {
    expect(JSON.parse(formatRows('json', columns, rows))).toEqual([
      { id: 1, 'Full name': 'O\'Neil, "Ann"' },
      { id: 2, 'Full name': null },
    ])
  })
})
