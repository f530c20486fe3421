// Owns dates and times as the text that a database writes: taken apart and put together without losing a digit or the zone. Pure.

export type TimeShape = 'date' | 'time' | 'timestamp'

export interface TimeColumn {
  shape: TimeShape
  zoned: boolean
  /** Digits of a second that the column keeps; null when nobody says. */
  digits: number | null
}

interface TimeParts {
  date: string
  between: string
  clock: string
  fraction: string
  zone: string
}

const TYPE = /^(date|datetime|time(?:stamp)?(?:tz)?)\s*(?:\((\d)\))?\s*(with time zone|without time zone)?$/i
const TEXT = /^(\d{4}-\d{2}-\d{2})?([ T]?)(\d{2}:\d{2}(?::\d{2})?)?(\.\d+)?( ?(?:Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?))?$/

/** What a column of this declared type holds; null when it is not a date or time (an interval, a year, a range). `fractionDigits` are those of a type that names none. */
export function timeColumn(type: string, fractionDigits: number | null): TimeColumn | null {
  const match = TYPE.exec(type.trim())
  if (!match) return null
  const [, name = '', digits, zone = ''] = match
  const word = name.toLowerCase()
  const shape = word === 'date' ? 'date' : word.startsWith('timestamp') || word === 'datetime' ? 'timestamp' : 'time'
  return { shape, zoned: word.endsWith('tz') || zone.toLowerCase().startsWith('with '), digits: digits === undefined ? fractionDigits : Number(digits) }
}

/** The parts of a text; null for what a calendar and a clock cannot show (infinity, years before Christ, 25 hours). */
export function partsOf(text: string, column: TimeColumn): TimeParts | null {
  const match = TEXT.exec(text.trim())
  if (!match) return null
  const [, date = '', between = '', clock = '', fraction = '', zone = ''] = match
  const hour = Number(clock.slice(0, 2))
  if ((column.shape !== 'time' && !date) || (column.shape === 'time' && (date || !clock)) || hour > 23 || (fraction && !clock) || (zone && !clock)) return null
  return { date, between, clock, fraction, zone }
}

const joined = ({ date, between, clock, fraction, zone }: TimeParts) => date + (date && clock ? between || ' ' : '') + clock + fraction + zone

const EMPTY: Record<TimeShape, TimeParts> = {
  date: { date: '', between: '', clock: '', fraction: '', zone: '' },
  time: { date: '', between: '', clock: '00:00:00', fraction: '', zone: '' },
  timestamp: { date: '', between: ' ', clock: '00:00:00', fraction: '', zone: '' },
}
const start = (column: TimeColumn): TimeParts => ({ ...EMPTY[column.shape], zone: column.zoned ? '+00' : '' })

/** The text with another day; its time, fraction and zone stay. */
export const withDate = (text: string, column: TimeColumn, date: string): string => joined({ ...(partsOf(text, column) ?? start(column)), date })

/** The text with another time of the day; its day, fraction and zone stay. */
export function withClock(text: string, column: TimeColumn, clock: string, today: string): string {
  const parts = partsOf(text, column) ?? { ...start(column), date: column.shape === 'time' ? '' : today }
  return joined({ ...parts, clock: clock.length === 5 ? `${clock}:00` : clock })
}

/** Minutes that a zone is ahead of UTC; a zone that is not written is UTC. */
function minutesAhead(zone: string): number {
  const match = /([+-])(\d{2}):?(\d{2})?/.exec(zone)
  return match ? (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0)) : 0
}

/** This moment in the zone and the form of the text; UTC where it has none. */
export function nowAs(text: string, column: TimeColumn, now: Date): string {
  const parts = partsOf(text, column) ?? start(column)
  const iso = new Date(now.getTime() + minutesAhead(parts.zone) * 60_000).toISOString()
  const digits = Math.min(3, column.digits ?? 0)
  const fraction = digits > 0 ? iso.slice(19, 20 + digits) : ''
  if (column.shape === 'date') return iso.slice(0, 10)
  const clock = iso.slice(11, 19)
  return joined({ ...parts, date: column.shape === 'time' ? '' : iso.slice(0, 10), clock, fraction, zone: parts.zone || (column.zoned ? '+00' : '') })
}

/** What may go wrong with a typed text; "" when nothing is known to. */
export function remarkOn(text: string, column: TimeColumn): string {
  if (text.trim() === '') return 'Enter a value, or press Ctrl+0 for NULL.'
  const parts = partsOf(text, column)
  const example = { date: '2026-11-21', time: '14:05:09', timestamp: '2026-11-21 14:05:09' }[column.shape] + (column.zoned ? '+00' : '')
  if (parts === null) return `Sent as typed. The usual format is ${example}`
  if (column.digits !== null && parts.fraction.length - 1 > column.digits) return `The column stores ${column.digits} fractional digits.`
  return ''
}
