// Tests which request a search of the impact page becomes, and how broken lines are grouped.
import { describe, expect, it } from 'vitest'
import type { Break } from '@/api/types'
import { byFolder, changeRequest, impactSearch } from './impact'

const TABLES = new Set(['users', 'app.orders'])

describe('changeRequest', () => {
  it.each([
    [{}, null],
    [{ of: 'users.email' }, { column: 'users.email', drop: true }],
    [{ of: 'users' }, { table: 'users', drop: true }],
    [{ of: 'app.orders', action: 'rename', to: 'sales' }, { table: 'app.orders', rename: 'sales' }],
    [{ of: 'users.email', action: 'rename' }, null],
    [{ of: 'users.email', action: 'type', to: 'citext' }, { column: 'users.email', type: 'citext' }],
    [{ of: 'users.email', action: 'not-null' }, { column: 'users.email', not_null: true }],
    [{ of: 'users', sql: 'DROP TABLE users' }, { sql: 'DROP TABLE users' }],
  ] as const)('%j becomes %j', (search, wanted) => {
    expect(changeRequest(search, TABLES)).toEqual(wanted)
  })
})

it('drops what the search does not know', () => {
  expect(impactSearch({ of: 'users.email', action: 'explode', only: 'all', by: 'file' })).toEqual({ of: 'users.email' })
})

it('keeps the order of risk inside a folder and between folders', () => {
  const at = (file_path: string, line_number: number) => ({ file_path, line_number }) as Break
  const groups = byFolder([at('app/api/a.py', 9), at('web/form.ts', 1), at('app/api/deep/b.py', 2), at('main.py', 3)])
  expect(groups.map((group) => [group.folder, group.breaks.map((item) => item.line_number)])).toEqual([
    ['app/api', [9, 2]],
    ['web', [1]],
    ['.', [3]],
  ])
})
