// Owns who writes a column: its writes and updates by function.
import type { Usage } from '@/api/types'

export interface Writer {
  file: string
  symbol: string
  /** The line of the first of its writes. */
  line: number
  count: number
  /** Whether the usage that is looked at is one of them. */
  own: boolean
}

/** Whether a usage changes the value of its column. */
export const isWrite = (usage: Usage): boolean => usage.usage_type === 'write' || usage.usage_type === 'update'

/** The functions that write a column, most frequent first, the one of the usage that is looked at before all. */
export function writersOf(usages: readonly Usage[], current: Usage): Writer[] {
  const writers = new Map<string, Writer>()
  for (const usage of usages.filter(isWrite)) {
    const key = `${usage.file_path}\0${usage.symbol}`
    const known = writers.get(key)
    if (known) known.count += 1
    else writers.set(key, { file: usage.file_path, symbol: usage.symbol, line: usage.line_number, count: 1, own: usage.file_path === current.file_path && usage.symbol === current.symbol })
  }
  return [...writers.values()].sort((a, b) => Number(b.own) - Number(a.own) || b.count - a.count || a.file.localeCompare(b.file))
}
