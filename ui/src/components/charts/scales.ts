// Owns the axes: round ticks for numbers, calendar ticks for time, and how both are written.

export interface Tick {
  at: number
  label: string
}

export type Scale = (value: number) => number

export const linear =
  (from: readonly [number, number], to: readonly [number, number]): Scale =>
  (value) =>
    to[0] + ((value - from[0]) / (from[1] - from[0] || 1)) * (to[1] - to[0])

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 })
const exact = new Intl.NumberFormat('en', { maximumFractionDigits: 6 })
const precise = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

/** 12500 -> "12.5K": short enough for an axis. */
export const short = (value: number): string => (value !== 0 && Math.abs(value) < 0.01 ? precise.format(value) : compact.format(value))

/** The number as it is. */
export const long = (value: number): string => (value !== 0 && Math.abs(value) < 1e-6 ? String(value) : exact.format(value))

/** The step of 1, 2 or 5 times a power of ten that cuts a range into about this many parts. */
function step(range: number, parts: number): number {
  const rough = range / Math.max(1, parts)
  const power = 10 ** Math.floor(Math.log10(rough))
  const nearest = [1, 2, 5, 10].find((one) => one * power >= rough * 0.999) ?? 10
  return nearest * power
}

/** A range that begins and ends at round numbers; with `zero`, it holds 0. */
export function niceRange(values: readonly number[], zero: boolean): [number, number] {
  let [low, high] = [zero ? 0 : Infinity, zero ? 0 : -Infinity]
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (!Number.isFinite(low)) return [0, 1]
  if (low === high) return low === 0 ? [0, 1] : low > 0 ? [zero ? 0 : low * 0.9, high * 1.1] : [low * 1.1, zero ? 0 : high * 0.9]
  const one = step(high - low, 5)
  return [Math.floor(low / one) * one, Math.ceil(high / one) * one]
}

export function numberTicks([low, high]: readonly [number, number], parts: number): Tick[] {
  const one = step(high - low, parts)
  const first = Math.ceil(low / one - 1e-9)
  const last = Math.floor(high / one + 1e-9)
  const values = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => Number(((first + at) * one).toPrecision(12)))
  const apart = new Set(values.map(short)).size === values.length
  return values.map((value) => ({ at: value, label: apart ? short(value) : long(value) }))
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const FIXED = [1, 5, 15, 30].flatMap((one) => [one * SECOND, one * MINUTE]).concat([1, 3, 6, 12].map((one) => one * HOUR), [DAY, 2 * DAY, 7 * DAY]).sort((a, b) => a - b)
const MONTHS = [1, 3, 6, 12, 24, 60, 120, 240, 600, 1200]

const written = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options })
const SHORT = {
  second: written({ hour: '2-digit', minute: '2-digit', second: '2-digit' }),
  minute: written({ hour: '2-digit', minute: '2-digit' }),
  day: written({ day: 'numeric', month: 'short' }),
  month: written({ month: 'short', year: 'numeric' }),
  year: written({ year: 'numeric' }),
}

/** "1 Jan", but "12:00" within a day: what a tick says depends on how far the next one is. */
export function tickLabel(at: number, apart: number): string {
  if (apart < MINUTE) return SHORT.second.format(at)
  if (apart < DAY) return at % DAY === 0 ? SHORT.day.format(at) : SHORT.minute.format(at)
  if (apart < 28 * DAY) return SHORT.day.format(at)
  return apart < 360 * DAY ? SHORT.month.format(at) : SHORT.year.format(at)
}

function monthTicks([low, high]: readonly [number, number], months: number): Tick[] {
  const begin = new Date(low)
  const ticks: Tick[] = []
  const total = begin.getUTCFullYear() * 12 + begin.getUTCMonth()
  for (let month = Math.ceil(total / months) * months; ; month += months) {
    const at = Date.UTC(Math.floor(month / 12), month % 12, 1)
    if (at > high) return ticks
    if (at >= low) ticks.push({ at, label: tickLabel(at, months * 30 * DAY) })
  }
}

export function timeTicks(range: readonly [number, number], parts: number): Tick[] {
  const [low, high] = range
  const rough = (high - low) / Math.max(1, parts)
  const fixed = FIXED.find((one) => one >= rough)
  if (fixed === undefined) return monthTicks(range, MONTHS.find((one) => one * 31 * DAY >= rough) ?? 12_000)
  const first = Math.ceil(low / fixed) * fixed
  return Array.from({ length: Math.max(0, Math.floor((high - first) / fixed) + 1) }, (_, at) => ({ at: first + at * fixed, label: tickLabel(first + at * fixed, fixed) }))
}

/** A moment in full, without a time of day when there is none. */
export function momentText(at: number): string {
  const text = new Date(at).toISOString()
  return at % DAY === 0 ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, at % SECOND === 0 ? 19 : 23)}`
}
