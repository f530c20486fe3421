// Owns a drawn plot: axes, marks, a reading of the values at one place by pointer or arrow keys.
import { useId, useLayoutEffect, useMemo, useRef, useState, type CSSProperties, type KeyboardEvent } from 'react'
import { count } from '@/lib/format'
import { areaPath, barsPath, dotsPath, geometry, linePath, nearest, stopLabel, type Geometry } from './geometry'
import type { Plot } from './plot'
import { long } from './scales'
import type { Drawn } from './spec'

const hue = (at: number): CSSProperties => ({ '--c': `var(--chart-${at + 1})` }) as CSSProperties
const SHOWN = 8

function useSize() {
  const box = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight })
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    measure()
    return () => observer.disconnect()
  }, [])
  return { box, ...size }
}

function Axes({ at }: { at: Geometry }) {
  const { frame, x, y, xTicks, yTicks } = at
  return (
    <g className="axes">
      {yTicks.map((tick) => (
        <g key={tick.at}>
          <line x1={frame.left} x2={frame.right} y1={y(tick.at)} y2={y(tick.at)} className={tick.at === 0 ? 'zero' : undefined} />
          <text x={frame.left - 8} y={y(tick.at) + 4} textAnchor="end">
            {tick.label}
          </text>
        </g>
      ))}
      {xTicks.map((tick) => (
        <text key={tick.at} x={x(tick.at)} y={frame.bottom + 18} textAnchor="middle">
          {tick.label}
        </text>
      ))}
    </g>
  )
}

function Marks({ plot, kind, at }: { plot: Plot; kind: Drawn; at: Geometry }) {
  return (
    <>
      {plot.lines.map((line, place) => (
        <g key={line.name} style={hue(place)}>
          {kind === 'bar' && <path className="bars" d={barsPath(line, place, plot.lines.length, at)} />}
          {kind === 'scatter' && <path className="dots" d={dotsPath(line, at)} />}
          {kind === 'area' && <path className="fill" d={areaPath(line, at)} />}
          {(kind === 'line' || kind === 'area') && <path className="stroke" d={linePath(line, at)} />}
          {kind !== 'bar' && line.points.length === 1 && <path className="dots" d={dotsPath(line, at)} />}
        </g>
      ))}
    </>
  )
}

interface Reading {
  place: number
  name: string
  value: string
}

function readings(plot: Plot, stop: number): Reading[] {
  return plot.lines.flatMap((line, place) => {
    const here = line.points.filter((point) => point.x === stop)
    if (here.length === 0) return []
    const value = here.length === 1 ? long(here[0]?.y ?? 0) : `${count(here.length)} values`
    return [{ place, name: line.name, value }]
  })
}

function Tip({ plot, stop, at, width }: { plot: Plot; stop: number; at: Geometry; width: number }) {
  const left = at.x(stop)
  const side = left > width / 2 ? { right: width - left + 12 } : { left: left + 12 }
  return (
    <div className="charttip" style={side} aria-hidden="true">
      <b>{stopLabel(plot, stop)}</b>
      {readings(plot, stop)
        .slice(0, SHOWN)
        .map((one) => (
          <span key={one.name} className="row" style={hue(one.place)}>
            <i className="swatch" />
            <span className="cut grow">{one.name}</span>
            <b>{one.value}</b>
          </span>
        ))}
    </div>
  )
}

export function Legend({ plot }: { plot: Plot }) {
  if (plot.lines.length < 2) return null
  return (
    <ul className="legend" aria-label="Series">
      {plot.lines.map((line, place) => (
        <li key={line.name} style={hue(place)}>
          <i className="swatch" aria-hidden="true" />
          <span className="cut">{line.name}</span>
        </li>
      ))}
    </ul>
  )
}

export function SvgPlot({ plot, kind, label }: { plot: Plot; kind: Drawn; label: string }) {
  const { box, width, height } = useSize()
  const id = useId()
  const [stop, setStop] = useState<number | null>(null)
  const at = useMemo(() => geometry(plot, kind, width, height), [plot, kind, width, height])
  const shown = stop !== null && at.stops.includes(stop) ? stop : null
  const onKey = (event: KeyboardEvent) => {
    const now = shown === null ? -1 : at.stops.indexOf(shown)
    const last = at.stops.length - 1
    const next = { ArrowRight: Math.min(last, now + 1), ArrowLeft: now < 0 ? last : Math.max(0, now - 1), Home: 0, End: last }[event.key]
    if (event.key === 'Escape') setStop(null)
    if (next === undefined) return
    event.preventDefault()
    setStop(at.stops[next] ?? null)
  }
  return (
    <>
      <Legend plot={plot} />
      <div
        ref={box}
        className="plot"
        role="group"
        tabIndex={0}
        aria-label={`${label}. Left and right arrow keys read its values.`}
        aria-describedby={`${id}-now`}
        onKeyDown={onKey}
        onBlur={() => setStop(null)}
        onPointerMove={(event) => setStop(nearest(at, event.clientX - (box.current?.getBoundingClientRect().left ?? 0)))}
        onPointerLeave={() => setStop(null)}
      >
        {width > 0 && (
          <svg width={width} height={height} aria-hidden="true">
            <Axes at={at} />
            {shown !== null && <line className="cross" x1={at.x(shown)} x2={at.x(shown)} y1={at.frame.top} y2={at.frame.bottom} />}
            <Marks plot={plot} kind={kind} at={at} />
          </svg>
        )}
        {shown !== null && <Tip plot={plot} stop={shown} at={at} width={width} />}
        <span id={`${id}-now`} className="sr" role="status">
          {shown !== null && `${stopLabel(plot, shown)}: ${readings(plot, shown).map((one) => `${one.name} ${one.value}`).join(', ')}`}
        </span>
      </div>
    </>
  )
}
