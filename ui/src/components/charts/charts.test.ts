import { describe, expect, it } from 'vitest'
import type { ResultColumn } from '@/api/types'
import { oneNumber, plotted, stops } from './plot'
import { niceRange, numberTicks, timeTicks } from './scales'
import { AUTO, moment, numeric, resolve, type Rows } from './spec'

const column = (name: string, kind: ResultColumn['kind']): ResultColumn => ({ name, kind, type: kind, schema: null, table: null, column: null })
const drawn = (names: [string, ResultColumn['kind']][], rows: Rows, chart = AUTO) => {
  const columns = names.map(([name, kind]) => column(name, kind))
  const resolved = resolve(chart, columns, rows)
  return { resolved, plot: plotted(resolved, columns, rows), one: oneNumber(resolved, columns, rows) }
}

describe('the automatic choice', () => {
  it('draws time with numbers as lines', () => {
    const { resolved, plot } = drawn([['id', 'number'], ['day', 'time'], ['amount', 'number'], ['cost', 'number']], [[1, '2026-01-02', 3, 1], [2, '2026-01-01', 4, 2]])
    expect(resolved).toEqual({ kind: 'line', x: 1, y: [2, 3], series: null, aggregate: 'none' })
    expect(plot.lines.map((line) => line.points.map((point) => point.y))).toEqual([[4, 3], [2, 1]])
  })
  it('draws names with numbers as bars, and sums what has the same name', () => {
    const { resolved, plot } = drawn([['team', 'text'], ['score', 'number']], [['red', 1], ['blue', 2], ['red', 4]])
    expect([resolved.kind, resolved.aggregate]).toEqual(['bar', 'sum'])
    expect(plot.labels).toEqual(['red', 'blue'])
    expect(plot.lines).toEqual([{ name: 'sum of score', points: [{ x: 0, y: 5 }, { x: 1, y: 2 }] }])
  })
  it('tells rows of the same moment apart by a third column', () => {
    const rows: Rows = [['2026-01-01', 'a', 1], ['2026-01-01', 'b', 2], ['2026-01-02', 'a', 3]]
    const { resolved, plot } = drawn([['day', 'time'], ['team', 'text'], ['score', 'number']], rows)
    expect(resolved.series).toBe(1)
    expect(plot.lines.map((line) => [line.name, line.points.length])).toEqual([['a', 2], ['b', 1]])
    expect(stops(plot)).toHaveLength(2)
  })
  it('shows one number, two numbers as dots, a rising number as a line, names alone counted', () => {
    expect(drawn([['count', 'number']], [[7]]).one).toEqual({ name: 'count', value: 7 })
    expect(drawn([['a', 'number'], ['b', 'number']], [[3, 1], [1, 2], [2, 9]]).resolved).toMatchObject({ kind: 'scatter', x: 0, y: [1] })
    expect(drawn([['year', 'number'], ['b', 'number']], [[1, 1], [2, 2], [3, 9]]).resolved).toMatchObject({ kind: 'line', x: 0, y: [1] })
    const names = drawn([['mood', 'enum']], [['sad'], ['glad'], ['sad']])
    expect([names.resolved.kind, names.resolved.aggregate, names.plot.lines[0]?.points]).toEqual(['bar', 'count', [{ x: 0, y: 2 }, { x: 1, y: 1 }]])
    expect(drawn([['n', 'number']], [[5], [6], [7]]).resolved).toMatchObject({ kind: 'line', x: null, y: [0] })
  })
  it('draws nothing of nothing', () => {
    expect(drawn([], []).plot.lines).toEqual([])
    expect(drawn([['data', 'json']], [['{}']]).resolved.kind).toBe('table')
    expect(drawn([['a', 'text'], ['n', 'number']], []).plot.lines).toEqual([])
  })
})

describe('what was said', () => {
  it('is kept, and what does not fit is chosen anew', () => {
    const chart = { ...AUTO, kind: 'area' as const, x: 'gone', y: ['n', 'gone'], aggregate: 'avg' as const }
    const { resolved, plot } = drawn([['day', 'time'], ['n', 'number']], [['2026-01-01', 1], ['2026-01-01', 2]], chart)
    expect(resolved).toEqual({ kind: 'area', x: 0, y: [1], series: null, aggregate: 'avg' })
    expect(plot.lines[0]?.points[0]?.y).toBe(1.5)
  })
  it('keeps equal names apart when nothing is to be aggregated', () => {
    const { plot } = drawn([['t', 'text'], ['n', 'number']], [['a', 1], ['a', 2]], { ...AUTO, kind: 'bar' })
    expect(plot.labels).toEqual(['a', 'a'])
  })
  it('says what it leaves out', () => {
    const rows: Rows = Array.from({ length: 20 }, (_, at) => ['2026-01-01', `s${at}`, at === 0 ? null : at])
    const chart = { ...AUTO, kind: 'line' as const, x: 'd', y: ['n'], series: 's' }
    const { plot } = drawn([['d', 'time'], ['s', 'text'], ['n', 'number']], rows, chart)
    expect(plot.lines).toHaveLength(8)
    expect(plot.notes).toEqual(['1 value could not be plotted: NULL or not a number.', 'The 8 largest of 19 series are shown.'])
  })
})

describe('cells', () => {
  it('are read as moments and numbers', () => {
    expect(moment('2026-01-01 12:30:00+00')).toBe(Date.UTC(2026, 0, 1, 12, 30))
    expect(moment('2026-01-01T12:30:00.5+0530')).toBe(Date.UTC(2026, 0, 1, 7, 0, 0, 500))
    expect(moment('2026-01-01')).toBe(Date.UTC(2026, 0, 1))
    expect([moment('12:30:00'), moment(null), moment('1 day')]).toEqual([null, null, null])
    expect([numeric('12345678901234567890.5'), numeric(''), numeric('NaN'), numeric(true)]).toEqual([12345678901234567000, null, null, null])
  })
})

describe('axes', () => {
  it('end at round numbers', () => {
    expect(niceRange([3, 97], true)).toEqual([0, 100])
    expect(niceRange([-3, 97], false)).toEqual([-20, 100])
    expect(niceRange([5], false)).toEqual([4.5, 5.5])
    expect(niceRange([], true)).toEqual([0, 1])
    expect(numberTicks([0, 100], 5).map((tick) => tick.label)).toEqual(['0', '20', '40', '60', '80', '100'])
    expect(numberTicks([1590, 1605], 3).map((tick) => tick.label)).toEqual(['1,590', '1,595', '1,600', '1,605'])
    expect(numberTicks([0, 0.3], 3).map((tick) => tick.at)).toEqual([0, 0.1, 0.2, 0.3])
  })
  it('follow the calendar', () => {
    expect(timeTicks([Date.UTC(2026, 0, 15), Date.UTC(2026, 5, 15)], 5).map((tick) => tick.label)).toEqual(['Feb 2026', 'Mar 2026', 'Apr 2026', 'May 2026', 'Jun 2026'])
    expect(timeTicks([Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)], 4).map((tick) => tick.label)).toEqual(['1 Jan', '06:00', '12:00', '18:00', '2 Jan'])
    expect(timeTicks([Date.UTC(1990, 0, 1), Date.UTC(2026, 0, 1)], 6).map((tick) => tick.label)).toEqual(['1990', '2000', '2010', '2020'])
  })
})
