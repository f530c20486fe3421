import { describe, expect, it } from 'vitest'
import type { Snapshot, StoragePoint } from '@/api/types'
import { groupByDay, ceiling, dayName, growthBars, growthText, latest, sourceName, ratioText, medianGrowth, inRange } from './timeline-data'

const NOW = new Date(2026, 10, 21, 12, 0).getTime()
const at = (day: number, hour: number, month = 10, year = 2026) => new Date(year, month, day, hour).toISOString()

const snapshot = (id: string, taken: string | null, rest: Partial<Snapshot> = {}) => ({ id, taken_at: taken, created_at: at(21, 11), new_bytes: 0, verified_at: null, ...rest }) as Snapshot

const points = (...sizes: number[]): StoragePoint[] =>
  sizes.map((new_bytes, place) => ({ id: `s${place}`, taken_at: at(1 + place, 4), raw_bytes: 0, stored_bytes: 0, new_bytes, seconds: 1, grew: false, whole: place === 0 }))

const grown = (all: StoragePoint[], id: string) => all.map((one) => (one.id === id ? { ...one, grew: true } : one))
const shared = (all: StoragePoint[]) => all.map((one) => ({ ...one, whole: false }))

describe('days', () => {
  it('are told from now, with the year only where it is another', () => {
    expect(dayName(at(21, 0), NOW)).toBe('Today')
    expect(dayName(at(20, 23), NOW)).toBe('Yesterday')
    expect(dayName(at(19, 10), NOW)).toBe('Thursday 19 November')
    expect(dayName(at(19, 10, 10, 2025), NOW)).toBe('19 November 2025')
  })
  it('hold the snapshots in their order, one that is being taken by when it was asked for', () => {
    const days = groupByDay([snapshot('c', null), snapshot('b', at(21, 1)), snapshot('a', at(20, 23))], NOW)
    expect(days.map((day) => [day.name, day.snapshots.map((one) => one.id)])).toEqual([['Today', ['c', 'b']], ['Yesterday', ['a']]])
  })
  it('are cut by the range', () => {
    const all = [snapshot('new', at(21, 1)), snapshot('week', at(16, 1)), snapshot('old', at(1, 1))]
    const ids = (range: 'day' | 'week' | 'all') => inRange(all, range, (one) => one.taken_at ?? '', NOW).map((one) => one.id)
    expect(ids('day')).toEqual(['new'])
    expect(ids('week')).toEqual(['new', 'week'])
    expect(ids('all')).toEqual(['new', 'week', 'old'])
  })
})

describe('bars', () => {
  it('stand for one snapshot each, and for several when there are many, losing no byte', () => {
    expect(growthBars(grown(points(5, 1, 2), 's1')).map((bar) => [bar.bytes, bar.grew, bar.whole])).toEqual([[5, false, true], [1, true, false], [2, false, false]])
    const many = growthBars(grown(points(...Array.from({ length: 500 }, () => 3)), 's499'))
    expect(many.length).toBeLessThanOrEqual(60)
    expect(many.reduce((sum, bar) => sum + bar.bytes, 0)).toBe(1500)
    expect(many.at(-1)).toMatchObject({ grew: true, to: points(...Array.from({ length: 500 }, () => 0)).at(-1)!.taken_at })
  })
  it('are measured without a whole one when that would hide the others', () => {
    expect(ceiling(growthBars(points(1000, 4, 8)))).toBe(10)
    expect(ceiling(growthBars(points(20, 4, 8)))).toBe(20)
    expect(ceiling(growthBars(shared(points(1000, 4, 8))))).toBe(1000)
    expect(ceiling(growthBars(points(1000)))).toBe(1000)
    expect(ceiling(growthBars(points(1000, 0, 0)))).toBe(1000)
    expect(ceiling([])).toBe(1)
  })
})

describe('words', () => {
  it('tell how many times more', () => {
    expect(ratioText(300, 10)).toBe('30 times')
    expect(ratioText(30, 20)).toBe('1.5 times')
    expect(ratioText(40, 20)).toBe('2 times')
    expect(ratioText(20, 20)).toBeNull()
    expect(ratioText(5, 0)).toBeNull()
  })
  it('compare growth with the median of those before', () => {
    const all = points(100, 2, 4, 50)
    expect(medianGrowth(all, 's3')).toBe(4)
    expect(medianGrowth(all, 's2')).toBe(51)
    expect(medianGrowth(all, 's0')).toBe(0)
    expect(growthText(snapshot('s3', at(4, 4), { new_bytes: 50 }), all)).toBe('13 times the usual growth')
    expect(growthText(snapshot('s0', at(1, 4), { new_bytes: 100 }), all)).toBe('Unusual growth')
  })
  it('name a snapshot by a time at which it was the last one', () => {
    const named = (taken_at: string | null) => sourceName({ id: 'x1', database_name: 'shop', taken_at })
    expect(named('2026-11-21T18:03:29.815036Z')).toBe('shop#2026-11-21T18:03:30')
    expect(named('2026-11-21T18:03:30Z')).toBe('shop#2026-11-21T18:03:30')
    expect(named('2026-12-31T23:59:59.2Z')).toBe('shop#2027-01-01T00:00:00')
    expect(named(null)).toBe('x1')
  })
  it('find what was last verified, of whatever snapshot', () => {
    const verified = (id: string, when: string | null) => snapshot(id, at(1, 1), { verified_at: when })
    expect(latest([verified('a', null), verified('b', at(5, 1)), verified('c', at(9, 1)), verified('d', at(7, 1))], (one) => one.verified_at)?.id).toBe('c')
    expect(latest([verified('a', null)], (one) => one.verified_at)).toBeUndefined()
  })
})
