import { describe, expect, it } from 'vitest'
import { bytesOf, capacityOf, cellOf, endingOf, hexLines, isBinary, notationOf, readBytes, SHOWN_BYTES } from './binary'

const bytes = (...list: number[]) => Uint8Array.from(list)

describe('bytes of a cell', () => {
  it('come back as they were, all 256 of them', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    expect(bytesOf(cellOf(all))).toEqual(all)
    expect(bytesOf('\\x')).toEqual(bytes())
  })
  it.each([null, 'plain text', '\\x0', '\\x0g', 7])('are not in %s', (cell) => expect(bytesOf(cell)).toBeNull())
})

describe('pasted text', () => {
  it.each([
    ['00 ff', 'hex', bytes(0, 255)],
    ['0x00FF', 'hex', bytes(0, 255)],
    ["x'00ff'", 'hex', bytes(0, 255)],
    ['\\x00:ff', 'hex', bytes(0, 255)],
    ['AP8=', 'base64', bytes(0, 255)],
    ['data:image/png;base64,AP8', 'base64', bytes(0, 255)],
    ['_-8', 'base64', bytes(255, 239)],
  ] as const)('%s is read', (text, notation, wanted) => {
    expect(notationOf(text)).toBe(notation)
    expect(readBytes(text, notation)).toEqual(wanted)
  })
  it.each([
    ['abc', 'hex', 'Odd number'],
    ['0g', 'hex', '“g” is not a hex digit'],
    ['AP8*', 'base64', '“*” is not a base64 character'],
    ['AAAAA', 'base64', 'incomplete'],
  ] as const)('%s is refused with a reason', (text, notation, reason) => expect(readBytes(text, notation)).toContain(reason))
})

describe('looking at bytes', () => {
  it('shows offset, digits and characters', () => {
    const lines = hexLines(bytes(...'Headwater, 17 by'.split('').map((one) => one.charCodeAt(0)), 0))
    expect(lines[0]).toBe('000000  48 65 61 64 77 61 74 65  72 2c 20 31 37 20 62 79  Headwater, 17 by')
    expect(lines[1]?.trimEnd().endsWith('.')).toBe(true)
    expect(lines[1]).toMatch(/^000010 {2}00 /)
  })
  it('ends where it says it does', () => expect(hexLines(new Uint8Array(SHOWN_BYTES + 5))).toHaveLength(SHOWN_BYTES / 16))
  it('knows files by their first bytes', () => {
    expect(endingOf(bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a))).toBe('png')
    expect(endingOf(bytes(1, 2))).toBe('bin')
  })
})

describe('types of bytes', () => {
  const TYPES = ['bytea', 'blob', 'longblob', 'binary', 'varbinary']
  it.each(['bytea', 'BLOB', 'longblob', 'varbinary(16)', 'binary(16)'])('%s', (type) => expect(isBinary(type, TYPES)).toBe(true))
  it.each(['text', 'bytea[]', 'geometry', 'bit(8)'])('not %s', (type) => expect(isBinary(type, TYPES)).toBe(false))
  it('may be bounded', () => {
    expect(capacityOf('varbinary(16)')).toBe(16)
    expect(capacityOf('bytea')).toBe(Infinity)
  })
})
