// Owns what a chart draws: rows as points, grouped and aggregated, with what had to be left out said in words.
import type { Cell, Chart, ResultColumn } from '@/api/types'
import { count, plural } from '@/lib/format'
import { moment, numeric, xTypeOf, type Resolved, type Rows, type XType } from './spec'

export interface Point {
  x: number
  y: number
}

export interface Line {
  name: string
  points: Point[]
}

/** Lines over one x; of a category, `x` is the place in `labels`. */
export interface Plot {
  xType: XType
  xName: string
  yName: string
  labels: string[]
  lines: Line[]
  notes: string[]
}

export const MOST_LINES = 8
export const MOST_BARS = 200

interface Sum {
  sum: number
  count: number
  min: number
  max: number
}

const RESULT: Record<Exclude<Chart['aggregate'], 'none'>, (sum: Sum) => number> = {
  sum: (one) => one.sum,
  avg: (one) => one.sum / one.count,
  count: (one) => one.count,
  min: (one) => one.min,
  max: (one) => one.max,
}

const WORDS: Record<Exclude<Chart['aggregate'], 'none'>, string> = { sum: 'sum of ', avg: 'average ', count: 'number of ', min: 'min of ', max: 'max of ' }

/** "sum of amount": a column as its aggregate. */
export function measured(aggregate: Chart['aggregate'], column: ResultColumn | undefined): string {
  if (aggregate === 'count') return 'rows'
  return `${aggregate === 'none' ? '' : WORDS[aggregate]}${column?.name ?? 'row'}`
}

const labelOf = (cell: Cell | undefined) => (cell === null || cell === undefined ? 'NULL' : String(cell))

/** Gives each row its place along the bottom; null where it has none. */
function placer(resolved: Resolved, xType: XType, rows: Rows) {
  const labels: string[] = []
  const places = new Map<string, number>()
  const { x, series, aggregate } = resolved
  const keys = new Set(rows.map((row) => `${labelOf(row[x ?? -1])} ${series === null ? '' : labelOf(row[series])}`))
  const apart = aggregate === 'none' && keys.size < rows.length
  const place = (row: readonly Cell[], at: number): number | null => {
    if (x === null) return at + 1
    const cell = row[x] ?? null
    if (xType === 'time') return moment(cell)
    if (xType === 'number') return numeric(cell)
    const label = labelOf(cell)
    const key = apart ? String(at) : label
    if (!places.has(key)) {
      places.set(key, labels.length)
      labels.push(label)
    }
    return places.get(key) as number
  }
  return { labels, place }
}

function aggregated(points: readonly Point[], aggregate: Chart['aggregate']): Point[] {
  if (aggregate === 'none') return [...points]
  const sums = new Map<number, Sum>()
  for (const { x, y } of points) {
    const one = sums.get(x) ?? { sum: 0, count: 0, min: Infinity, max: -Infinity }
    sums.set(x, { sum: one.sum + y, count: one.count + 1, min: Math.min(one.min, y), max: Math.max(one.max, y) })
  }
  return [...sums].map(([x, sum]) => ({ x, y: RESULT[aggregate](sum) }))
}

function lineName(resolved: Resolved, columns: readonly ResultColumn[], y: number | undefined, row: readonly Cell[]): string {
  const value = measured(resolved.aggregate, y === undefined ? undefined : columns[y])
  if (resolved.series === null) return value
  const series = labelOf(row[resolved.series])
  return resolved.y.length > 1 ? `${series}, ${value}` : series
}

const total = (line: Line) => line.points.reduce((sum, point) => sum + Math.abs(point.y), 0)

function shownLines(lines: Line[], notes: string[]): Line[] {
  if (lines.length <= MOST_LINES) return lines
  notes.push(`The ${MOST_LINES} largest of ${count(lines.length)} series are shown.`)
  const kept = new Set([...lines].sort((a, b) => total(b) - total(a)).slice(0, MOST_LINES))
  return lines.filter((line) => kept.has(line))
}

/** Rows as the lines of a chart. */
export function plotted(resolved: Resolved, columns: readonly ResultColumn[], rows: Rows): Plot {
  const x = resolved.x
  const xType = x === null ? 'number' : xTypeOf(columns[x], rows, x)
  const { labels, place } = placer(resolved, xType, rows)
  const lines = new Map<string, Line>()
  let skipped = 0
  rows.forEach((row, number) => {
    const at = place(row, number)
    for (const y of resolved.aggregate === 'count' ? [undefined] : resolved.y) {
      const value = y === undefined ? 1 : numeric(row[y] ?? null)
      if (at === null || value === null) {
        skipped += 1
        continue
      }
      const name = lineName(resolved, columns, y, row)
      const line = lines.get(name) ?? { name, points: [] }
      line.points.push({ x: at, y: value })
      lines.set(name, line)
    }
  })
  const notes = skipped > 0 ? [`${plural(skipped, 'value')} could not be plotted: NULL or not a number.`] : []
  const many = [...lines.values()].map((line) => ({ ...line, points: aggregated(line.points, resolved.aggregate).sort((a, b) => a.x - b.x) }))
  const shown = shownLines(many, notes)
  const yName = shown.length === 1 && resolved.series === null ? (shown[0]?.name ?? '') : resolved.y.length === 1 ? measured(resolved.aggregate, columns[resolved.y[0] ?? -1]) : ''
  return cutBars({ xType, xName: x === null ? 'row' : (columns[x]?.name ?? ''), yName, labels, lines: shown, notes })
}

function cutBars(plot: Plot): Plot {
  if (plot.xType !== 'category' || plot.labels.length <= MOST_BARS) return plot
  const lines = plot.lines.map((line) => ({ ...line, points: line.points.filter((point) => point.x < MOST_BARS) }))
  const notes = [...plot.notes, `The first ${MOST_BARS} of ${count(plot.labels.length)} values of ${plot.xName} are shown.`]
  return { ...plot, labels: plot.labels.slice(0, MOST_BARS), lines, notes }
}

/** The one number of a result: its aggregate, else the value of the first row. */
export function oneNumber(resolved: Resolved, columns: readonly ResultColumn[], rows: Rows): { name: string; value: number | null } {
  const [y] = resolved.y
  const name = measured(resolved.aggregate, y === undefined ? undefined : columns[y])
  if (resolved.aggregate === 'count') return { name, value: rows.length }
  if (y === undefined) return { name, value: null }
  const values = rows.map((row) => numeric(row[y] ?? null)).filter((value) => value !== null)
  if (resolved.aggregate === 'none') return { name, value: values[0] ?? null }
  return { name, value: aggregated(values.map((value) => ({ x: 0, y: value })), resolved.aggregate)[0]?.y ?? null }
}

/** The places along the bottom at which anything stands, in order. */
export function stops(plot: Plot): number[] {
  return [...new Set(plot.lines.flatMap((line) => line.points.map((point) => point.x)))].sort((a, b) => a - b)
}
