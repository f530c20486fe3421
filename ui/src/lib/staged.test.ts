import { describe, expect, it } from 'vitest'
import { addRow, edits, NOTHING, setCell, size, toggleDelete } from './staged'

const key = { id: 1 }

describe('staged edits', () => {
  it('keep what the row was at first, however often a cell is changed', () => {
    const staged = setCell(setCell(NOTHING, key, 'name', 'a', 'b'), key, 'name', 'b', 'c')
    expect(edits(staged)).toEqual([{ kind: 'update', key, was: { name: 'a' }, values: { name: 'c' } }])
  })
  it('forget a cell that is as it was', () => expect(size(setCell(setCell(NOTHING, key, 'name', 'a', 'b'), key, 'name', 'b', 'a'))).toBe(0))
  it('do not update a row that is deleted', () => {
    const staged = toggleDelete(setCell(NOTHING, key, 'name', 'a', 'b'), [key])
    expect(edits(staged).map((edit) => edit.kind)).toEqual(['delete'])
    expect(edits(toggleDelete(staged, [key])).map((edit) => edit.kind)).toEqual(['update'])
  })
  it('insert last', () => expect(edits(addRow(toggleDelete(NOTHING, [key]), { id: 1 })).map((edit) => edit.kind)).toEqual(['delete', 'insert']))
})
