// Owns where things of a plot stand: scales, ticks, the paths of lines and areas, the boxes of bars.
import { linear, long, momentText, niceRange, numberTicks, tickLabel, timeTicks, type Scale, type Tick } from './scales'
import { stops, type Line, type Plot } from './plot'
import type { Drawn } from './spec'

export interface Frame {
  left: number
  right: number
  top: number
  bottom: number
}

export interface Geometry {
  frame: Frame
  stops: number[]
  x: Scale
  y: Scale
  /** The width that belongs to one stop; 0 where x is continuous. */
  band: number
  xTicks: Tick[]
  yTicks: Tick[]
}

const TICK_WIDTH = 84
const TICK_HEIGHT = 44
const LETTER = 6.6

export const stopLabel = (plot: Plot, at: number): string =>
  plot.xType === 'category' ? (plot.labels[at] ?? '') : plot.xType === 'time' ? momentText(at) : long(at)

function bandTicks(plot: Plot, places: readonly number[], band: number): Tick[] {
  const every = Math.max(1, Math.ceil(TICK_WIDTH / Math.max(1, band)))
  const room = Math.max(3, Math.floor((band * every - 8) / LETTER))
  const apart = Math.min(...places.slice(1).map((at, index) => at - (places[index] ?? at)))
  return places.flatMap((at, index) => {
    const label = plot.xType === 'time' && Number.isFinite(apart) ? tickLabel(at, apart) : stopLabel(plot, at)
    return index % every === 0 ? [{ at, label: label.length > room ? `${label.slice(0, room - 1)}…` : label }] : []
  })
}

function xRange(places: readonly number[], kind: Drawn, xType: Plot['xType']): [number, number] {
  const [low, high] = [places[0] ?? 0, places.at(-1) ?? 1]
  if (kind === 'scatter' && xType === 'number') return niceRange(places, false)
  return low === high ? [low - 1, high + 1] : [low, high]
}

/** Measures a plot into a box of this size. */
export function geometry(plot: Plot, kind: Drawn, width: number, height: number): Geometry {
  const values = plot.lines.flatMap((line) => line.points.map((point) => point.y))
  const range = niceRange(values, kind === 'bar' || kind === 'area')
  const yTicks = numberTicks(range, Math.max(2, Math.floor(height / TICK_HEIGHT)))
  const margin = Math.max(24, ...yTicks.map((tick) => tick.label.length * LETTER + 14))
  const frame: Frame = { left: margin, right: Math.max(margin + 40, width - 16), top: 10, bottom: Math.max(40, height - 26) }
  const y = linear(range, [frame.bottom, frame.top])
  const places = plot.xType === 'category' ? plot.labels.map((_, at) => at) : stops(plot)
  if (plot.xType === 'category' || kind === 'bar') {
    const band = (frame.right - frame.left) / Math.max(1, places.length)
    const index = new Map(places.map((at, place) => [at, place]))
    const x: Scale = (value) => frame.left + ((index.get(value) ?? 0) + 0.5) * band
    return { frame, stops: places, x, y, band, xTicks: bandTicks(plot, places, band), yTicks }
  }
  const across = xRange(places, kind, plot.xType)
  const parts = Math.max(2, Math.floor((frame.right - frame.left) / TICK_WIDTH))
  const xTicks = plot.xType === 'time' ? timeTicks(across, parts) : numberTicks(across, parts)
  return { frame, stops: places, x: linear(across, [frame.left, frame.right]), y, band: 0, xTicks, yTicks }
}

const at = (value: number) => value.toFixed(1)

export const linePath = (line: Line, { x, y }: Geometry): string =>
  line.points.map((point, index) => `${index === 0 ? 'M' : 'L'}${at(x(point.x))} ${at(y(point.y))}`).join('')

export function areaPath(line: Line, { x, y }: Geometry): string {
  const [first, last] = [line.points[0], line.points.at(-1)]
  if (!first || !last) return ''
  return `${linePath(line, { x, y } as Geometry)}L${at(x(last.x))} ${at(y(0))}L${at(x(first.x))} ${at(y(0))}Z`
}

/** All dots as one path: strokes of no length with round ends. */
export const dotsPath = (line: Line, { x, y }: Geometry): string => line.points.map((point) => `M${at(x(point.x))} ${at(y(point.y))}h0`).join('')

/** The bars of one of several lines, beside those of the others. */
export function barsPath(line: Line, place: number, of: number, { x, y, band }: Geometry): string {
  const group = Math.min(band * 0.8, of * 56)
  const width = Math.max(1, group / of - (of > 1 && group / of > 4 ? 1 : 0))
  return line.points
    .map((point) => {
      const left = x(point.x) - group / 2 + (group / of) * place
      return `M${at(left)} ${at(y(0))}V${at(y(point.y))}h${at(width)}V${at(y(0))}Z`
    })
    .join('')
}

/** The stop that is nearest to a place on the screen. */
export function nearest({ stops: places, x }: Geometry, across: number): number | null {
  let best: number | null = null
  let least = Infinity
  for (const stop of places) {
    const away = Math.abs(x(stop) - across)
    if (away < least) [best, least] = [stop, away]
  }
  return best
}
