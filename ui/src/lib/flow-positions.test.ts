import { afterEach, describe, expect, it } from 'vitest'
import { movedBoxes, rememberMoved } from './flow-positions'
import { forgetStoredState } from './stored-state'

afterEach(() => localStorage.clear())

describe('moved boxes', () => {
  it('are remembered for one scan; those of an older scan are forgotten', () => {
    rememberMoved('c1', 's1', { 'table users': { x: 1, y: 2 } })
    rememberMoved('c2', 's9', { 'table users': { x: 5, y: 5 } })
    expect(movedBoxes('c1', 's1')).toEqual({ 'table users': { x: 1, y: 2 } })
    expect(movedBoxes('c1', 's2')).toEqual({})
    rememberMoved('c1', 's2', { 'table orders': { x: 3, y: 4 } })
    expect(movedBoxes('c1', 's1')).toEqual({})
    expect(movedBoxes('c2', 's9')).toEqual({ 'table users': { x: 5, y: 5 } })
  })

  it('that are nonsense are ignored', () => {
    localStorage.setItem('headwater.flow.c1.s1', '{"a":{"x":"1","y":2},"b":{"x":1,"y":2},"c":null}')
    expect(movedBoxes('c1', 's1')).toEqual({ b: { x: 1, y: 2 } })
    localStorage.setItem('headwater.flow.c1.s1', '[')
    expect(movedBoxes('c1', 's1')).toEqual({})
  })

  it('are forgotten when their user signs out', () => {
    rememberMoved('c1', 's1', { a: { x: 1, y: 2 } })
    forgetStoredState()
    expect(movedBoxes('c1', 's1')).toEqual({})
  })
})
