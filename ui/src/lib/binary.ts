// Owns bytes as cells write them (`\x00ff`): shown as hex, parsed from pasted text, and their file type. Pure.

/** Values up to this many bytes are edited; their text, before and after, has to fit into one request. */
export const MOST_BYTES = 4_000_000
/** How many bytes are shown as rows of hex. */
export const SHOWN_BYTES = 4096
const WIDTH = 16

/** Whether a column of this declared type holds bytes that can be written as hex; the engine names such types. */
export const isBinary = (type: string, binaryTypes: readonly string[]): boolean => binaryTypes.includes(/^\w+/.exec(type.trim().toLowerCase())?.[0] ?? '') && !type.includes('[')

/** The bytes of a cell; null when it is not written as bytes. */
export function bytesOf(cell: unknown): Uint8Array | null {
  if (typeof cell !== 'string' || !/^\\x(?:[0-9a-f]{2})*$/i.test(cell)) return null
  return fromHex(cell.slice(2))
}

function fromHex(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length / 2)
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16)
  return bytes
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Bytes as a cell. */
export function cellOf(bytes: Uint8Array): string {
  let text = '\\x'
  for (const byte of bytes) text += HEX[byte] ?? ''
  return text
}

export type Notation = 'hex' | 'base64'

/** The most likely notation of a pasted text: hex where it can be hex. */
export const notationOf = (text: string): Notation => (/^(0x|\\x|x')?[0-9a-f\s:-]*'?$/i.test(text.trim()) ? 'hex' : 'base64')

/** The bytes that a text encodes, or a sentence that says why it cannot be decoded. */
export function readBytes(text: string, notation: Notation): Uint8Array | string {
  if (notation === 'hex') {
    const digits = text.trim().replace(/^(?:0x|\\x|x')/i, '').replace(/'$/, '').replaceAll(/[\s:-]/g, '')
    const wrong = /[^0-9a-f]/i.exec(digits)
    if (wrong) return `“${wrong[0]}” is not a hex digit.`
    return digits.length % 2 ? 'Odd number of hex digits: each byte needs two.' : fromHex(digits)
  }
  const compact = text.replace(/^data:[^,]*,/, '').replaceAll(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '')
  const wrong = /[^a-z0-9+/]/i.exec(compact)
  if (wrong) return `“${wrong[0]}” is not a base64 character.`
  if (compact.length % 4 === 1) return 'The base64 text is incomplete: characters are missing at the end.'
  return Uint8Array.from(atob(compact), (character) => character.charCodeAt(0))
}

/** The first bytes as lines of offset, sixteen bytes and their characters. */
export function hexLines(bytes: Uint8Array): string[] {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, SHOWN_BYTES); at += WIDTH) {
    const row = [...bytes.subarray(at, Math.min(at + WIDTH, SHOWN_BYTES))]
    const digits = row.map((byte) => HEX[byte] ?? '')
    const hex = `${digits.slice(0, 8).join(' ').padEnd(23)}  ${digits.slice(8).join(' ').padEnd(23)}`
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex}  ${row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')}`)
  }
  return lines
}

const MAGIC: readonly [string, string][] = [
  ['89504e470d0a1a0a', 'png'], ['ffd8ff', 'jpg'], ['47494638', 'gif'], ['25504446', 'pdf'], ['504b0304', 'zip'], ['1f8b', 'gz'], ['28b52ffd', 'zst'], ['53514c69746520', 'sqlite'],
]

/** The file extension for these bytes. */
export function endingOf(bytes: Uint8Array): string {
  const head = cellOf(bytes.subarray(0, 12)).slice(2)
  if (head.startsWith('52494646') && head.slice(16) === '57454250') return 'webp'
  return MAGIC.find(([magic]) => head.startsWith(magic))?.[1] ?? 'bin'
}

/** The most bytes that a type says it takes, as varbinary(16) does. */
export const capacityOf = (type: string): number => Number(/^(?:var)?binary\((\d+)\)/i.exec(type.trim())?.[1] ?? Infinity)
