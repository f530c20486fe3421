import { describe, expect, it } from 'vitest'
import { anchorOf, rowOf } from './row-anchor'

describe('a remembered row', () => {
  it('is the same row after others were added above it', () => {
    const third = anchorOf(2, 0)
    expect(rowOf(third, 0, 10)).toBe(2)
    expect(rowOf(third, 1, 11)).toBe(3)
    expect(rowOf(third, 4, 14)).toBe(6)
  })

  it('is the same added row after another was added', () => {
    expect(rowOf(anchorOf(0, 1), 2, 12)).toBe(0)
  })

  it('is none when the added row was discarded, or the table has fewer rows', () => {
    expect(rowOf(anchorOf(1, 2), 0, 10)).toBeNull()
    expect(rowOf(anchorOf(9, 0), 0, 9)).toBeNull()
  })
})
