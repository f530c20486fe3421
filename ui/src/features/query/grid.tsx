// Owns the grid of rows: only what is in view is in the page; keys move a cell, ranges are copied, cells may be edited.
import { ArrowDown, ArrowUp } from 'lucide-react'
import { memo, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import type { Cell, ResultColumn } from '@/api/types'
import { TypeGlyph } from '@/components/marks'
import { shown } from '@/lib/cells'
import { useNarrow } from '@/lib/use-narrow'
import { scrollTo } from '@/lib/window'
import { useWindow } from './use-window'

export interface Place {
  row: number
  column: number
}

export interface GridProps {
  label: string
  columns: readonly ResultColumn[]
  count: number
  /** The cells of a row, or null while it is on its way. */
  row: (at: number) => readonly Cell[] | null
  primary?: readonly string[]
  sort?: readonly { column: string; descending: boolean }[]
  onSort?: (column: string, more: boolean) => void
  tone?: ((row: number, column: number) => string) | undefined
  /** Called with the first row in view and the one after the last. */
  onView?: (first: number, last: number) => void
  editable?: (place: Place) => boolean
  onEdit?: (place: Place, value: Cell) => void
  onPlace?: (place: Place | null) => void
  onCopy?: (from: Place, to: Place) => void
  onDelete?: (rows: number[]) => void
  editor?: (place: Place, value: Cell, done: (value?: Cell) => void) => ReactNode
  empty?: ReactNode
}

const WIDTHS: Record<string, number> = { number: 112, boolean: 80, time: 248, uuid: 288, json: 280 }
const MARGIN = 56
// The height of the header, as in query.css.
const HEAD = 32

const widthOf = (column: ResultColumn) => Math.max(WIDTHS[column.kind] ?? 200, Math.min(280, 44 + column.name.length * 8))

function Head({ column, primary, order, onSort }: { column: ResultColumn; primary: boolean; order: number | null; onSort?: (more: boolean) => void }) {
  const inner = (
    <>
      <TypeGlyph type={column.type} primaryKey={primary} />
      <span className="cut">{column.name}</span>
      {order !== null && (order > 0 ? <ArrowUp className="i" aria-hidden="true" /> : <ArrowDown className="i" aria-hidden="true" />)}
    </>
  )
  return onSort ? (
    <button type="button" className="ghead" title={`${column.name} ${column.type}`} onClick={(event) => onSort(event.shiftKey)}>
      {inner}
    </button>
  ) : (
    <span className="ghead" title={`${column.name} ${column.type}`}>
      {inner}
    </span>
  )
}

interface RowProps {
  at: number
  top: number
  height: number
  width: number
  columns: readonly ResultColumn[]
  widths: number[]
  /** The columns in view, and the space before them. */
  first: number
  last: number
  before: number
  cells: readonly Cell[] | null
  chosen: number | null
  range: [number, number] | null
  tone: ((row: number, column: number) => string) | undefined
}

const GridRow = memo(function GridRow({ at, top, height, width, columns, widths, first, last, before, cells, chosen, range, tone }: RowProps) {
  return (
    <div role="row" aria-rowindex={at + 2} data-row={at} className="grow-row" style={{ transform: `translateY(${top}px)`, height, width }}>
      <div role="presentation" style={{ flex: 'none', width: MARGIN }} />
      {before > 0 && <div role="presentation" style={{ flex: 'none', width: before }} />}
      {columns.slice(first, last).map((column, step) => {
        const place = first + step
        const cell = cells?.[place]
        const selected = chosen === place
        const inRange = range !== null && place >= range[0] && place <= range[1]
        return (
          <div
            key={place}
            id={selected ? `cell-${at}-${place}` : undefined}
            role="gridcell"
            aria-colindex={place + 2}
            aria-selected={selected || inRange}
            data-column={place}
            className={`gcell ${column.kind === 'number' ? 'num' : ''} ${cell === null ? 'null' : ''} ${tone?.(at, place) ?? ''}`}
            style={{ width: widths[place] }}
          >
            {cells === null || cell === undefined ? '' : shown(cell).slice(0, 300)}
          </div>
        )
      })}
    </div>
  )
})

// One sticky layer for all numbers: a sticky cell in each row would be a layer each, painted anew in each frame.
const Numbers = ({ rows, within, top, height }: { rows: readonly number[]; within: (row: number) => number; top: number; height: number }) => (
  <div aria-hidden="true" className="gnums" style={{ width: MARGIN }}>
    <div style={{ position: 'absolute', inset: '0 0 auto', transform: `translateY(${top}px)` }}>
      {rows.map((at, slot) => (
        <div key={slot} className="gnum" style={{ position: 'absolute', inset: '0 0 auto', transform: `translateY(${within(at)}px)`, height }}>
          {at + 1}
        </div>
      ))}
    </div>
  </div>
)

type EditorOf = NonNullable<GridProps['editor']>

const Slot = ({ render, place, value, done }: { render: EditorOf; place: Place; value: Cell; done: (value?: Cell) => void }) => render(place, value, done)

const MOVES: Record<string, [number, number]> = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [20, 0], PageUp: [-20, 0] }

export function Grid(props: GridProps) {
  const { label, columns, count, row, sort, onSort, onEdit, onCopy, editable, editor } = props
  const box = useRef<HTMLDivElement>(null)
  const narrow = useNarrow()
  const height = narrow ? 36 : 28
  const [from, setFrom] = useState<Place | null>(null)
  const [to, setTo] = useState<Place | null>(null)
  const [editing, setEditing] = useState<Place | null>(null)
  const widths = useMemo(() => columns.map(widthOf), [columns])
  const view = useWindow(box, count, height, HEAD, widths)
  const { onView } = props
  useEffect(() => onView?.(view.first, view.last))
  const total = MARGIN + widths.reduce((sum, one) => sum + one, 0)

  const choose = (place: Place, extend = false) => {
    const next = { row: Math.min(count - 1, Math.max(0, place.row)), column: Math.min(columns.length - 1, Math.max(0, place.column)) }
    if (!extend) setFrom(next)
    setTo(next)
    props.onPlace?.(next)
    const left = widths.slice(0, next.column).reduce((sum, one) => sum + one, 0)
    const element = box.current
    const right = left + MARGIN + (widths[next.column] ?? 0)
    element?.scrollTo({ top: scrollTo(next.row, count, height, element.clientHeight - HEAD, element.scrollTop) })
    if (element && left < element.scrollLeft) element.scrollLeft = left
    else if (element && right > element.scrollLeft + element.clientWidth) element.scrollLeft = right - element.clientWidth
  }
  const placeOf = (target: EventTarget | null): Place | null => {
    const cell = target instanceof HTMLElement ? target.closest<HTMLElement>('[data-column]') : null
    return cell ? { row: Number(cell.closest<HTMLElement>('[data-row]')?.dataset['row']), column: Number(cell.dataset['column']) } : null
  }
  const edit = (place: Place | null) => {
    if (place && editor && editable?.(place) && row(place.row)) setEditing(place)
  }
  const done = (value?: Cell) => {
    if (editing && value !== undefined) onEdit?.(editing, value)
    setEditing(null)
    box.current?.focus()
  }
  const onKey = (event: KeyboardEvent) => {
    if (editing || event.target !== box.current) return
    const move = MOVES[event.key]
    const at = to ?? { row: 0, column: 0 }
    if (move) {
      event.preventDefault()
      choose({ row: at.row + move[0], column: at.column + move[1] }, event.shiftKey)
    } else if ((event.ctrlKey || event.metaKey) && event.key === 'c' && from && to) {
      event.preventDefault()
      onCopy?.(from, to)
    } else if (event.key === 'Home' || event.key === 'End') {
      event.preventDefault()
      choose(event.key === 'Home' ? { row: event.ctrlKey ? 0 : at.row, column: 0 } : { row: event.ctrlKey ? count - 1 : at.row, column: columns.length - 1 })
    } else if (event.key === 'Enter' || event.key === 'F2') {
      event.preventDefault()
      edit(to)
    } else if (event.key === 'Delete' && from && to && props.onDelete) {
      props.onDelete(Array.from({ length: Math.abs(to.row - from.row) + 1 }, (_, step) => Math.min(from.row, to.row) + step))
    }
  }
  const low = from && to ? Math.min(from.row, to.row) : -1
  const high = from && to ? Math.max(from.row, to.row) : -1
  const range: [number, number] | null = from && to ? [Math.min(from.column, to.column), Math.max(from.column, to.column)] : null
  return (
    <div
      ref={box}
      className="dgrid"
      role="grid"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length + 1}
      aria-multiselectable="true"
      aria-activedescendant={to ? `cell-${to.row}-${to.column}` : undefined}
      tabIndex={0}
      onKeyDown={onKey}
      onMouseDown={(event) => {
        const place = placeOf(event.target)
        if (place && !editing) choose(place, event.shiftKey)
      }}
      onDoubleClick={(event) => edit(placeOf(event.target))}
    >
      <div role="row" aria-rowindex={1} className="grow-row ghrow" style={{ width: total }}>
        <div role="columnheader" className="gnum" style={{ width: MARGIN }}>
          <span className="sr">Row</span>
        </div>
        {columns.map((column, at) => {
          const sorted = sort?.find((one) => one.column === column.name)
          return (
            <div
              key={at}
              role="columnheader"
              aria-colindex={at + 2}
              aria-sort={sorted ? (sorted.descending ? 'descending' : 'ascending') : undefined}
              className={column.kind === 'number' ? 'num' : ''}
              style={{ width: widths[at] }}
            >
              <Head
                column={column}
                primary={props.primary?.includes(column.name) ?? false}
                order={sorted ? (sorted.descending ? -1 : 1) : null}
                {...(onSort && { onSort: (more: boolean) => onSort(column.name, more) })}
              />
            </div>
          )
        })}
      </div>
      <div role="rowgroup" style={{ height: view.total, width: total, position: 'relative' }}>
        <div role="presentation" style={{ position: 'absolute', transform: `translateY(${view.blockTop}px)`, width: total }}>
          {view.rows.map((at, slot) => (
            <GridRow
              key={slot}
              at={at}
              top={view.within(at)}
              height={height}
              width={total}
              columns={columns}
              widths={widths}
              {...view.columns}
              cells={row(at)}
              chosen={to?.row === at ? to.column : null}
              range={at >= low && at <= high ? range : null}
              tone={props.tone}
            />
          ))}
        </div>
        <Numbers rows={view.rows} within={view.within} top={view.blockTop} height={height} />
        {editing && editor && (
          <div
            className="gedit"
            style={{ top: view.top(editing.row), left: MARGIN + widths.slice(0, editing.column).reduce((sum, one) => sum + one, 0), minWidth: widths[editing.column] }}
          >
            <Slot render={editor} place={editing} value={row(editing.row)?.[editing.column] ?? null} done={done} />
          </div>
        )}
      </div>
      {count === 0 && props.empty}
    </div>
  )
}
