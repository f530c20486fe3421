import { describe, expect, it } from 'vitest'
import type { Merge, MergeConflict } from '@/api/types'
import { keyText, kindText, shownColumns, stateText } from './merge-text'

const conflict = (change: Partial<MergeConflict>): MergeConflict => ({
  ordinal: 0,
  table: 'public.song',
  kind: 'cells',
  columns: ['id', 'title', 'seconds'],
  key: [0],
  conflicting: [1],
  base: [7, 'a', 1],
  ours: [7, 'b', 1],
  theirs: [7, 'c', 2],
  choice: null,
  ...change,
})

const merge = (change: Partial<Merge>): Merge => ({
  id: 'm',
  target_id: 't',
  target_name: 'shop',
  source_id: 's',
  source_name: 'shop-feature',
  base_id: 'b',
  ours_id: null,
  theirs_id: null,
  status: 'prepared',
  prefer: null,
  tables: [{ name: 't', added: 1, removed: 0, changed: 0, conflicts: 0 }],
  left_out: [],
  conflicts: 0,
  unresolved: 0,
  created_at: '2026-01-01T00:00:00Z',
  applied_at: null,
  job: null,
  ...change,
})

describe('a conflict', () => {
  it('shows the columns with two new values', () => {
    expect(shownColumns(conflict({}))).toEqual([1])
  })
  it('shows the whole row without its key where a side has removed it', () => {
    expect(shownColumns(conflict({ kind: 'removed_in_theirs', conflicting: [], theirs: null }))).toEqual([1, 2])
  })
  it('names its row by the key, of whichever side has it', () => {
    expect(keyText(conflict({ ours: null }))).toBe('id 7')
    expect(keyText(conflict({ ours: [null, 'b', 1] }))).toBe('id NULL')
    expect(kindText(conflict({ kind: 'removed_in_ours' }))).toBe('Removed here, changed there')
  })
})

describe('where a merge stands', () => {
  it('says what is to be done', () => {
    expect(stateText(merge({ conflicts: 3, unresolved: 1 }))).toBe('1 conflict to resolve')
    expect(stateText(merge({}))).toBe('Ready to be written')
    expect(stateText(merge({ tables: [] }))).toBe('Nothing to merge')
    expect(stateText(merge({ status: 'applied' }))).toBe('Merged into shop')
  })
})
