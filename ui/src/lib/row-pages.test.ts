import { describe, expect, it } from 'vitest'
import type { RowsPage } from '@/api/types'
import { keep, PAGE, rowCount, wanted, type Pages } from './row-pages'

const page = (rows: number, next: string | null, count: number | null = null, isEstimate = false): RowsPage =>
  ({ rows: Array.from({ length: rows }, (_, at) => [at]), next, count, count_is_estimate: isEstimate }) as unknown as RowsPage
const pages = (...list: [number, RowsPage][]): Pages => new Map(list)

describe('pages wanted', () => {
  it('are those in view and the next when its border comes near', () => {
    const read = pages([0, page(PAGE, 'a', 1000)])
    expect(wanted(read, 0, 40)).toEqual({ now: [], soon: [] })
    expect(wanted(read, 80, 120)).toEqual({ now: [1], soon: [] })
    expect(wanted(read, 190, 230)).toEqual({ now: [1], soon: [] })
  })
  it('may wait when they are far from all that was read', () => {
    expect(wanted(pages([0, page(PAGE, 'a', 100_000)]), 50_050, 50_090)).toEqual({ now: [], soon: [249, 250] })
  })
  it('are none behind the last', () => {
    expect(wanted(pages([0, page(150, null, 150)]), 100, 150)).toEqual({ now: [], soon: [] })
    expect(wanted(pages([0, page(PAGE, 'a')], [1, page(3, null)]), 180, 203)).toEqual({ now: [], soon: [] })
  })
})

describe('rows counted', () => {
  it('are as the server says', () => expect(rowCount(pages([0, page(PAGE, 'a', 1000)]))).toBe(1000))
  it('grow as they are met when nobody counted', () => {
    expect(rowCount(pages([0, page(PAGE, 'a')]))).toBe(PAGE)
    expect(rowCount(pages([0, page(PAGE, 'a')], [1, page(PAGE, 'b')]))).toBe(2 * PAGE)
  })
  it('follow what is met where the count was a guess, more or fewer', () => {
    expect(rowCount(pages([0, page(PAGE, 'a', 1000, true)], [5, page(PAGE, 'b')]))).toBe(6 * PAGE)
    expect(rowCount(pages([0, page(PAGE, 'a', 1000, true)], [3, page(7, null)]))).toBe(3 * PAGE + 7)
    expect(rowCount(pages([0, page(PAGE, 'a', 1000, true)], [4, page(0, null)]))).toBe(4 * PAGE)
  })
  it('are none before anything is read', () => expect(rowCount(new Map())).toBe(0))
})

it('keeps fifty pages, the first and those around the last one read', () => {
  let kept: Pages = pages([0, page(PAGE, 'a')])
  for (let number = 1; number < 200; number++) kept = keep(kept, number, page(PAGE, 'x'))
  expect(kept.size).toBe(50)
  expect([kept.has(0), kept.has(150), kept.has(151), kept.has(199)]).toEqual([true, false, true, true])
})
