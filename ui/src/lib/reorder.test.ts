import { expect, it } from 'vitest'
import { moved } from './reorder'

it('moves one item and keeps the others in order', () => {
  expect(moved(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a'])
  expect(moved(['a', 'b', 'c'], 2, -4)).toEqual(['c', 'a', 'b'])
  expect(moved(['a', 'b', 'c'], 1, 1)).toEqual(['a', 'b', 'c'])
  expect(moved(['a', 'b', 'c'], 7, 1)).toEqual(['a', 'b', 'c'])
})
