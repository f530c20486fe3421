import { describe, expect, it } from 'vitest'
import { sseParser } from './sse'

describe('sseParser', () => {
  it('answers an event only when its blank line has come', () => {
    const parse = sseParser()
    expect(parse('id: 7\nevent: job\ndata: {"a"')).toEqual([])
    expect(parse(':1}\n')).toEqual([])
    expect(parse('\n')).toEqual([{ event: 'job', data: '{"a":1}', id: '7' }])
  })

  it('joins data lines, drops comments, and keeps the last id', () => {
    const parse = sseParser()
    expect(parse('id: 1\ndata: a\ndata: b\n\n: still here\n\ndata:c\n\n')).toEqual([
      { event: 'message', data: 'a\nb', id: '1' },
      { event: 'message', data: 'c', id: '1' },
    ])
  })

  it('takes CRLF, also when a chunk ends between CR and LF', () => {
    const parse = sseParser()
    expect(parse('event: log\r\ndata: x\r')).toEqual([])
    expect(parse('\n\r\n')).toEqual([{ event: 'log', data: 'x', id: null }])
  })
})
