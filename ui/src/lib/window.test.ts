import { describe, expect, it } from 'vitest'
import { columnWindow, rowWindow, scrollTo, slotted, TALLEST } from './window'

describe('rows in view', () => {
  it('are placed pixel by pixel while the browser allows', () => {
    const view = rowWindow(1000, 28, 280, 2800, 2)
    expect([view.total, view.first, view.last, view.top(100)]).toEqual([28_000, 98, 112, 2800])
  })

  it('reach from the first row to the last by ratio in ten million', () => {
    const count = 10_000_000
    expect(rowWindow(count, 28, 600, 0, 0).first).toBe(0)
    const end = rowWindow(count, 28, 600, TALLEST - 600, 0)
    expect(end.total).toBe(TALLEST)
    expect(end.last).toBe(count)
    expect(end.top(count - 1) + 28).toBeCloseTo(TALLEST, 3)
  })

  it.each([0, 1, 499_999, 5_000_000, 9_999_999])('scroll so that row %i is seen', (row) => {
    const count = 10_000_000
    const top = scrollTo(row, count, 28, 600, 1234)
    const view = rowWindow(count, 28, 600, top, 0)
    expect(view.first).toBeLessThanOrEqual(row)
    expect(view.last).toBeGreaterThan(row)
    expect(view.top(row) - top).toBeGreaterThanOrEqual(-0.01)
    expect(view.top(row) + 28 - top).toBeLessThanOrEqual(600.01)
  })

  it('do not scroll for a row that is in view', () => {
    expect(scrollTo(5, 100, 28, 600, 0)).toBe(0)
  })
})

it('takes the columns in view and one on each side', () => {
  const widths = Array.from({ length: 300 }, () => 100)
  expect(columnWindow(widths, 0, 450)).toEqual({ first: 0, last: 6, before: 0 })
  expect(columnWindow(widths, 10_050, 450)).toEqual({ first: 99, last: 106, before: 9900 })
  expect(columnWindow([], 0, 450)).toEqual({ first: 0, last: 0, before: 0 })
})

it('keeps each row in its slot while it is in view', () => {
  expect(slotted(0, 5, 5)).toEqual([0, 1, 2, 3, 4])
  expect(slotted(3, 8, 5)).toEqual([5, 6, 7, 3, 4])
  expect(slotted(97, 100, 5)).toEqual([97, 98, 99])
  expect(slotted(0, 0, 5)).toEqual([])
})
