// Owns the data behind the snapshot timeline: days, bars over time, sums and names. Pure.
import type { Snapshot, StoragePoint } from '@/api/types'
import { count } from '@/lib/format'

const DAY_MS = 86_400_000

export const RANGES = [
  { value: 'day', label: '24 h', ms: DAY_MS },
  { value: 'week', label: '7 days', ms: 7 * DAY_MS },
  { value: 'all', label: 'All', ms: Infinity },
] as const

export type Range = (typeof RANGES)[number]['value']

/** When a snapshot's content is of: the moment it was taken, or was asked for as long as it is not. */
export const takenAt = (one: Snapshot): string => one.taken_at ?? one.created_at

/** Those of the range, counted back from now. */
export function inRange<T>(items: readonly T[], range: Range, when: (item: T) => string, now: number = Date.now()): T[] {
  const { ms } = RANGES.find((one) => one.value === range) ?? RANGES[2]
  return items.filter((item) => now - Date.parse(when(item)) <= ms)
}

const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' })
const withYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })
const startOfDay = (at: number | string): number => new Date(at).setHours(0, 0, 0, 0)

/** "Today", "Yesterday", "Thursday 19 November", and with the year where it is another. */
export function dayName(iso: string, now: number = Date.now()): string {
  const days = Math.round((startOfDay(now) - startOfDay(iso)) / DAY_MS)
  if (days === 0) return 'Today'
  if (days === 1) return 'Yesterday'
  const date = new Date(iso)
  return date.getFullYear() === new Date(now).getFullYear() ? weekday.format(date).replace(',', '') : withYear.format(date)
}

export interface Day {
  name: string
  snapshots: Snapshot[]
}

/** The snapshots by day, in the order they come in. */
export function groupByDay(snapshots: readonly Snapshot[], now: number = Date.now()): Day[] {
  const days: Day[] = []
  for (const one of snapshots) {
    const name = dayName(takenAt(one), now)
    const last = days.at(-1)
    if (last?.name === name) last.snapshots.push(one)
    else days.push({ name, snapshots: [one] })
  }
  return days
}

export interface GrowthBar {
  ids: string[]
  from: string
  to: string
  bytes: number
  grew: boolean
  /** A snapshot that shares with none stores everything: beside it no other would be seen, so it may be drawn cut off. */
  whole: boolean
}

/** One bar a snapshot while there are at most `most`, else as many snapshots a bar as it takes. */
export function growthBars(points: readonly StoragePoint[], most = 60): GrowthBar[] {
  const each = Math.max(1, Math.ceil(points.length / most))
  const bars: GrowthBar[] = []
  for (let at = 0; at < points.length; at += each) {
    const part = points.slice(at, at + each)
    bars.push({
      ids: part.map((one) => one.id),
      from: part[0]!.taken_at,
      to: part.at(-1)!.taken_at,
      bytes: part.reduce((sum, one) => sum + one.new_bytes, 0),
      grew: part.some((one) => one.grew),
      whole: part.some((one) => one.whole),
    })
  }
  return bars
}

const DWARFED = 4

/** What the highest bar stands for: whole snapshots count only where the others are not lost beside them. */
export function ceiling(bars: readonly GrowthBar[]): number {
  const most = (some: readonly GrowthBar[]) => Math.max(0, ...some.map((one) => one.bytes))
  const later = most(bars.filter((one) => !one.whole))
  const all = most(bars)
  return later > 0 && all > DWARFED * later ? later * 1.25 : Math.max(1, all)
}

/** (120, 4) -> "30 times"; told only where it says something. */
export function ratioText(more: number, less: number): string | null {
  if (less <= 0 || more / less < 1.05) return null
  const part = more / less
  return `${part < 10 ? part.toFixed(1).replace(/\.0$/, '') : count(Math.round(part))} times`
}

/** The median of new bytes of the snapshots before this one, as far back as the server looks. */
export function medianGrowth(points: readonly StoragePoint[], id: string, back = 10): number {
  const at = points.findIndex((one) => one.id === id)
  const before = points
    .slice(Math.max(0, at - back), Math.max(0, at))
    .map((one) => one.new_bytes)
    .sort((a, b) => a - b)
  const middle = Math.floor(before.length / 2)
  if (before.length === 0) return 0
  return before.length % 2 ? before[middle]! : (before[middle - 1]! + before[middle]!) / 2
}

/** "5 times the usual growth", or the shorter text where there was no growth before. */
export function growthText(snapshot: Snapshot, points: readonly StoragePoint[]): string {
  const ratio = ratioText(snapshot.new_bytes, medianGrowth(points, snapshot.id))
  return ratio ? `${ratio} the usual growth` : 'Unusual growth'
}

/** The newest of what was done to snapshots, as their last verification or drill. */
export function latest(snapshots: readonly Snapshot[], when: (one: Snapshot) => string | null): Snapshot | undefined {
  return snapshots.reduce<Snapshot | undefined>((best, one) => {
    const at = when(one)
    return at !== null && (best === undefined || at > (when(best) ?? '')) ? one : best
  }, undefined)
}

/** What a snapshot is called where it has no label. */
export const title = (one: Snapshot): string => one.label || 'Snapshot'

/** "shop#2026-11-21T10:00:01": a time names the last snapshot taken by then, so it is the second in which this one was over. */
export function sourceName(one: Pick<Snapshot, 'id' | 'database_name' | 'taken_at'>): string {
  if (one.taken_at === null) return one.id
  const second = new Date(Math.ceil(Date.parse(one.taken_at) / 1000) * 1000)
  return `${one.database_name}#${second.toISOString().slice(0, 19)}`
}
