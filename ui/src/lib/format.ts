// Owns how numbers, sizes, times and states are written.

const numbers = new Intl.NumberFormat('en')
const days = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })
const moments = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

/** 1284 -> "1,284". */
export const count = (value: number): string => numbers.format(value)

/** (2, "table") -> "2 tables". */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** 18400000 -> "18.4 MB". */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let size = value / 1000
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`
}

/** 0.42 -> "0.4 s", 74 -> "1 min 14 s". */
export function seconds(value: number): string {
  if (value < 0.05) return 'under 0.1 s'
  if (value < 10) return `${value.toFixed(1)} s`
  if (value < 60) return `${Math.round(value)} s`
  const minutes = Math.floor(value / 60)
  if (minutes < 60) return `${minutes} min ${Math.round(value % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** 42.4 -> "42 ms", 6846 -> "6.8 s": how long a query took. */
export const duration = (milliseconds: number): string => (milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : seconds(milliseconds / 1000))

/** A time relative to now: "8 min ago". */
export function ago(iso: string, now: number = Date.now()): string {
  const past = Math.max(0, (now - Date.parse(iso)) / 1000)
  if (past < 60) return 'just now'
  if (past < 3600) return `${Math.floor(past / 60)} min ago`
  if (past < 86_400) return `${Math.floor(past / 3600)} h ago`
  if (past < 7 * 86_400) return `${Math.floor(past / 86_400)} d ago`
  return day(iso)
}

export const day = (iso: string): string => days.format(new Date(iso))
export const moment = (iso: string): string => moments.format(new Date(iso))
export const time = (iso: string): string => clock.format(new Date(iso))

/** "open_signup" -> "Open signup". */
export function words(name: string): string {
  const text = name.replaceAll(/[_.]/g, ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** "Ines Moreau" -> "IM". */
export function initials(name: string): string {
  const parts = name.trim().split(/\s+/)
  const letters = parts.length > 1 ? [parts[0], parts[parts.length - 1]] : [parts[0]]
  return letters.map((part) => part?.charAt(0).toUpperCase() ?? '').join('') || '?'
}
