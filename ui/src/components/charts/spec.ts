// Owns the choice of a chart: what the user said, completed by the kinds of the columns.
import type { Cell, Chart, ResultColumn } from '@/api/types'

export const AUTO: Chart = { kind: 'auto', x: null, y: [], series: null, aggregate: 'none' }

export type Drawn = Exclude<Chart['kind'], 'auto'>
export type XType = 'time' | 'number' | 'category'
export type Rows = readonly (readonly Cell[])[]

/** A chart whose columns are known by their place; `x` of null is the number of the row. */
export interface Resolved {
  kind: Drawn
  x: number | null
  y: number[]
  series: number | null
  aggregate: Chart['aggregate']
}

const MOST_LINES = 4
const MOST_SERIES = 12
const LOOKED_AT = 2000

/** A moment in milliseconds; a text without a zone is read as UTC, so that it is shown as it was written. */
export function moment(cell: Cell): number | null {
  if (typeof cell !== 'string') return null
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(cell.trim())
  if (!parts) return null
  const zone = !parts[3] || parts[3] === 'Z' ? 'Z' : parts[3].length === 3 ? `${parts[3]}:00` : parts[3].replace(/^(...)(\d\d)$/, '$1:$2')
  const at = Date.parse(`${parts[1]}T${parts[2] ?? '00:00'}${zone}`)
  return Number.isNaN(at) ? null : at
}

/** A number, also one that came as text because JavaScript would round it. */
export function numeric(cell: Cell): number | null {
  if (cell === null || cell === '' || typeof cell === 'boolean') return null
  const value = Number(cell)
  return Number.isFinite(value) ? value : null
}

const isKey = (column: ResultColumn) => /(^|_)id$/i.test(column.name) || /[a-z]Id$/.test(column.name)

const distinct = (rows: Rows, at: number) => new Set(rows.slice(0, LOOKED_AT).map((row) => row[at] ?? null)).size

/** What stands along the bottom when this column does. */
export function xTypeOf(column: ResultColumn | undefined, rows: Rows, at: number): XType {
  if (column === undefined || column.kind === 'number') return 'number'
  if (column.kind !== 'time') return 'category'
  return rows.slice(0, 50).every((row) => row[at] === null || moment(row[at] ?? null) !== null) ? 'time' : 'category'
}

interface Kinds {
  values: number[]
  times: number[]
  names: number[]
}

function kindsOf(columns: readonly ResultColumn[], rows: Rows): Kinds {
  const places = columns.map((_, at) => at)
  const numbers = places.filter((at) => columns[at]?.kind === 'number')
  const values = numbers.filter((at) => !isKey(columns[at] as ResultColumn))
  return {
    values: values.length > 0 ? values : numbers,
    times: places.filter((at) => xTypeOf(columns[at], rows, at) === 'time'),
    names: places.filter((at) => xTypeOf(columns[at], rows, at) === 'category' && columns[at]?.kind !== 'json' && columns[at]?.kind !== 'binary'),
  }
}

function rising(rows: Rows, at: number): boolean {
  let before = -Infinity
  for (const row of rows.slice(0, LOOKED_AT)) {
    const value = numeric(row[at] ?? null)
    if (value === null || value <= before) return false
    before = value
  }
  return rows.length > 2
}

function chooseKind(kinds: Kinds, rows: Rows): Drawn {
  if (rows.length === 1 && kinds.values.length > 0) return 'number'
  if (kinds.times.length > 0 && kinds.values.length > 0) return 'line'
  if (kinds.names.length > 0) return 'bar'
  const [first] = kinds.values
  if (first === undefined) return kinds.times.length > 0 ? 'line' : 'table'
  if (kinds.values.length === 1) return 'line'
  return rising(rows, first) ? 'line' : 'scatter'
}

function chooseX(kind: Drawn, kinds: Kinds, taken: readonly number[]): number | null {
  const order = {
    bar: [kinds.names, kinds.times, kinds.values],
    line: [kinds.times, kinds.values.length + kinds.names.length > 1 ? kinds.values.slice(0, 1) : [], kinds.names],
    area: [kinds.times, kinds.values.length > 1 ? kinds.values.slice(0, 1) : [], kinds.names],
    scatter: [kinds.values, kinds.times, kinds.names],
    number: [],
    table: [],
  }[kind]
  const alone = kinds.values.length === 1 && taken.length === 0
  return order.flat().find((at) => !taken.includes(at) && !(alone && kinds.values.includes(at))) ?? null
}

/** A column whose few values tell rows with the same x from each other. */
function chooseSeries(kinds: Kinds, rows: Rows, x: number | null, y: readonly number[]): number | null {
  if (x === null || distinct(rows, x) === Math.min(rows.length, LOOKED_AT)) return null
  return kinds.names.find((at) => at !== x && !y.includes(at) && distinct(rows, at) <= MOST_SERIES) ?? null
}

/** The chart that is drawn: what was said where it fits these columns, else what reads best. */
export function resolve(chart: Chart, columns: readonly ResultColumn[], rows: Rows): Resolved {
  const place = (name: string | null) => (name === null ? -1 : columns.findIndex((column) => column.name === name))
  const kinds = kindsOf(columns, rows)
  const kind = chart.kind === 'auto' ? chooseKind(kinds, rows) : chart.kind
  const said = chart.y.map(place).filter((at) => at >= 0)
  const x = place(chart.x) >= 0 ? place(chart.x) : chooseX(kind, kinds, said)
  const most = kind === 'scatter' ? 1 : MOST_LINES
  const y = said.length > 0 ? said : kinds.values.filter((at) => at !== x).slice(0, most)
  const counted = chart.aggregate === 'none' && y.length === 0 && kind !== 'number' && kind !== 'table'
  const auto = chart.kind === 'auto' && chart.series === null
  const series = place(chart.series) >= 0 ? place(chart.series) : auto && y.length <= 1 && kind !== 'number' ? chooseSeries(kinds, rows, x, y) : null
  const same = chart.kind === 'auto' && kind === 'bar' && x !== null && distinct(rows, x) < Math.min(rows.length, LOOKED_AT)
  const aggregate = counted ? 'count' : chart.aggregate === 'none' && same ? 'sum' : chart.aggregate
  return { kind, x, y: aggregate === 'count' ? y.slice(0, 1) : series === null || y.length < 2 || said.length > 0 ? y : y.slice(0, 1), series, aggregate }
}
