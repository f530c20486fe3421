import { describe, expect, it } from 'vitest'
import { highlightLines, markPieces } from './highlight'

describe('highlightLines', () => {
  it('colours a language it knows and keeps every character', async () => {
    const lines = await highlightLines('a.py', 'def f():\n    return 1')
    expect(lines.map((pieces) => pieces.map((piece) => piece.text).join(''))).toEqual(['def f():', '    return 1'])
    expect(lines[0]?.[0]).toEqual({ text: 'def', classes: 'tok-keyword' })
  })

  it('leaves other languages plain', async () => {
    expect(await highlightLines('a.go', 'x := 1')).toEqual([[{ text: 'x := 1', classes: '' }]])
  })
})

describe('markPieces', () => {
  it('cuts pieces at the borders of a mark, also across pieces', () => {
    const pieces = [{ text: 'user', classes: 'v' }, { text: '.email = x', classes: '' }]
    expect(markPieces(pieces, [{ from: 2, to: 10, className: 'm' }])).toEqual([
      { text: 'us', classes: 'v' },
      { text: 'er', classes: 'v m' },
      { text: '.email', classes: 'm' },
      { text: ' = x', classes: '' },
    ])
  })
})
