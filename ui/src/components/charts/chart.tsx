// Owns a chart of rows: the drawing that fits its kind, what was left out, and the same figures as a table.
import { useMemo } from 'react'
import type { Chart, ResultColumn } from '@/api/types'
import { cellText } from '@/lib/cells'
import { count } from '@/lib/format'
import { stopLabel } from './geometry'
import { oneNumber, plotted, stops, type Plot } from './plot'
import { long } from './scales'
import { resolve, type Rows } from './spec'
import { SvgPlot } from './svg-plot'

const MOST_ROWS = 200

/** One series over names: bars that lie, with room for the names and the values written out. */
function BarList({ plot, label }: { plot: Plot; label: string }) {
  const [line] = plot.lines
  const most = Math.max(...(line?.points ?? []).map((point) => Math.abs(point.y)), 0)
  return (
    <div className="barlist" role="group" aria-label={label} tabIndex={0}>
      <table>
        <caption className="sr">{label}</caption>
        <thead className="sr">
          <tr>
            <th scope="col">{plot.xName}</th>
            <th scope="col">{plot.yName}</th>
          </tr>
        </thead>
        <tbody>
          {line?.points.map((point) => (
            <tr key={point.x}>
              <th scope="row" title={plot.labels[point.x]}>
                {plot.labels[point.x]}
              </th>
              <td>
                <i className={point.y < 0 ? 'below' : undefined} style={{ width: `calc((100% - 64px) * ${most === 0 ? 0 : Math.abs(point.y) / most})` }} />
                <span>{long(point.y)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function PlotTable({ plot, label }: { plot: Plot; label: string }) {
  const places = plot.xType === 'category' ? plot.labels.map((_, at) => at) : stops(plot)
  return (
    <div className="scroll grow" role="group" aria-label={label} tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{plot.xName}</th>
            {plot.lines.map((line) => (
              <th key={line.name} scope="col" className="num">
                {line.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {places.slice(0, MOST_ROWS).map((at) => (
            <tr key={at}>
              <th scope="row">{stopLabel(plot, at)}</th>
              {plot.lines.map((line) => (
                <td key={line.name} className="num">
                  {line.points
                    .filter((point) => point.x === at)
                    .slice(0, 5)
                    .map((point) => long(point.y))
                    .join(', ')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {places.length > MOST_ROWS && <p className="dim small p-2">The first {MOST_ROWS} of {count(places.length)}.</p>}
    </div>
  )
}

export function RowsTable({ columns, rows, label }: { columns: readonly ResultColumn[]; rows: Rows; label: string }) {
  return (
    <div className="scroll grow" role="group" aria-label={label} tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            {columns.map((column, at) => (
              <th key={at} scope="col" className={column.kind === 'number' ? 'num' : undefined}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row, at) => (
            <tr key={at}>
              {row.map((cell, place) => (
                <td key={place} className={`mono ${columns[place]?.kind === 'number' ? 'num' : ''} ${cell === null ? 'null' : ''}`}>
                  {cellText(cell).slice(0, 120)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && <p className="dim small p-2">The first {MOST_ROWS} of {count(rows.length)} rows.</p>}
    </div>
  )
}

interface ChartProps {
  label: string
  chart: Chart
  columns: readonly ResultColumn[]
  rows: Rows
  /** Shows the values of the chart as a table. */
  asTable?: boolean
}

export function ChartView({ label, chart, columns, rows, asTable = false }: ChartProps) {
  const resolved = useMemo(() => resolve(chart, columns, rows), [chart, columns, rows])
  const plot = useMemo(() => plotted(resolved, columns, rows), [resolved, columns, rows])
  if (rows.length === 0) return <p className="dim p-4">No rows.</p>
  if (resolved.kind === 'table') return <RowsTable columns={columns} rows={rows} label={label} />
  if (resolved.kind === 'number') {
    const { name, value } = oneNumber(resolved, columns, rows)
    return (
      <p className="onenumber">
        <b>{value === null ? 'No number' : long(value)}</b>
        <span className="dim">{name}</span>
      </p>
    )
  }
  if (plot.lines.length === 0) return <p className="dim p-4">None of these columns contains numbers to plot. Count rows, or choose other columns.</p>
  const told = `${label}: ${resolved.kind} chart of ${plot.yName || plot.lines.map((line) => line.name).join(', ')} by ${plot.xName}`
  const listed = resolved.kind === 'bar' && plot.xType === 'category' && plot.lines.length === 1
  return (
    <figure className="chart">
      {asTable ? (
        <PlotTable plot={plot} label={told} />
      ) : listed ? (
        <BarList plot={plot} label={told} />
      ) : (
        <SvgPlot plot={plot} kind={resolved.kind} label={told} />
      )}
      <figcaption className="dim small">
        <span>
          {plot.yName} by {plot.xName}
        </span>
        {plot.notes.map((note) => (
          <span key={note}>{note}</span>
        ))}
      </figcaption>
    </figure>
  )
}
