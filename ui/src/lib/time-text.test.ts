import { describe, expect, it } from 'vitest'
import { nowAs, partsOf, remarkOn, timeColumn, withClock, withDate, type TimeColumn } from './time-text'

const of = (type: string, fractionDigits: number | null = 6) => timeColumn(type, fractionDigits) as TimeColumn
const zoned = of('timestamp with time zone')
const NOW = new Date('2026-11-21T22:30:05.678Z')

describe('the type of a column', () => {
  it.each([
    ['timestamp(3) without time zone', 6, { shape: 'timestamp', zoned: false, digits: 3 }],
    ['timestamptz', 6, { shape: 'timestamp', zoned: true, digits: 6 }],
    ['time with time zone', 6, { shape: 'time', zoned: true, digits: 6 }],
    ['datetime(6)', 0, { shape: 'timestamp', zoned: false, digits: 6 }],
    ['timestamp', 0, { shape: 'timestamp', zoned: false, digits: 0 }],
    ['DATETIME', null, { shape: 'timestamp', zoned: false, digits: null }],
    ['date', 0, { shape: 'date', zoned: false, digits: 0 }],
  ])('%s where %s digits are the default', (type, digits, wanted) => expect(timeColumn(type, digits)).toEqual(wanted))
  it.each(['interval', 'year(4)', 'tstzrange', 'timestamp with time zone[]', 'text', 'int'])('%s has no editor of times', (type) => expect(timeColumn(type, 6)).toBeNull())
})

describe('changing one part of a time', () => {
  it('keeps every digit and the zone', () => {
    const text = '2026-01-01 10:00:00.123456+05:30'
    expect(withDate(text, zoned, '2027-02-03')).toBe('2027-02-03 10:00:00.123456+05:30')
    expect(withClock(text, zoned, '23:59:58', '')).toBe('2026-01-01 23:59:58.123456+05:30')
    expect(withClock(text, zoned, '23:59', '')).toBe('2026-01-01 23:59:00.123456+05:30')
  })
  it('keeps the form that SQLite was given', () => expect(withDate('2026-01-01T10:00Z', of('DATETIME', null), '2026-01-02')).toBe('2026-01-02T10:00Z'))
  it.each(['infinity', '0044-03-15 BC', '838:59:59', 'now()', '2026-01-01 25:00:00+00'])('shows no calendar for %s', (text) => expect(partsOf(text, zoned)).toBeNull())
  it('begins from nothing', () => {
    expect(withDate('', zoned, '2026-11-21')).toBe('2026-11-21 00:00:00+00')
    expect(withClock('', of('timestamp'), '08:15', '2026-11-21')).toBe('2026-11-21 08:15:00')
    expect(withClock('', of('time'), '08:15', '2026-11-21')).toBe('08:15:00')
  })
})

describe('now', () => {
  it('is told in the zone that was shown', () => {
    expect(nowAs('2026-01-01 10:00:00+05:30', zoned, NOW)).toBe('2026-11-22 04:00:05.678+05:30')
    expect(nowAs('2026-01-01 10:00:00-03', zoned, NOW)).toBe('2026-11-21 19:30:05.678-03')
    expect(nowAs('', zoned, NOW)).toBe('2026-11-21 22:30:05.678+00')
  })
  it('has as many digits as the column keeps', () => {
    expect(nowAs('', of('datetime', 0), NOW)).toBe('2026-11-21 22:30:05')
    expect(nowAs('', of('datetime(1)', 0), NOW)).toBe('2026-11-21 22:30:05.6')
    expect(nowAs('', of('date'), NOW)).toBe('2026-11-21')
    expect(nowAs('01:02:03', of('time'), NOW)).toBe('22:30:05.678')
  })
})

describe('what is said about a typed time', () => {
  it('is nothing when it is well', () => expect(remarkOn('2026-01-01 10:00:00.123456+00', zoned)).toBe(''))
  it('is how it is usually written', () => expect(remarkOn('tomorrow', zoned)).toContain('2026-11-21 14:05:09+00'))
  it('is how many digits are kept', () => expect(remarkOn('2026-01-01 10:00:00.1234', of('timestamp(3)'))).toContain('3 fractional digits'))
})
