// Owns the grid of rows: only what is in view is in the page; keys move a cell, ranges are copied, cells may be edited.
import { memo, useEffect, useMemo, useRef, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import type { Cell, ResultColumn } from '@/api/types'
import { cellLine } from '@/lib/cells'
import { useNarrow } from '@/lib/use-narrow'
import { GridHead, type ColumnOrder } from './grid-head'
import { useAnchoredPlace, useSelection, type Place } from './use-selection'
import { useWindow } from './use-window'

export type { Place } from './use-selection'

export interface GridProps {
  label: string
  columns: readonly ResultColumn[]
  count: number
  /** How many of the rows are new ones above the stored rows. */
  added?: number
  /** The cells of a row, or null while it is on its way. */
  row: (at: number) => readonly Cell[] | null
  /** What the database will put into a cell of an added row that nobody has filled. */
  filled?: ((row: number, column: number) => string | null) | undefined
  primary?: readonly string[]
  sort?: readonly ColumnOrder[]
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
  filled: ((row: number, column: number) => string | null) | undefined
}

const GridRow = memo(function GridRow({ at, top, height, width, columns, widths, first, last, before, cells, chosen, range, tone, filled }: RowProps) {
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
            {cells === null || cell === undefined ? '' : ((cell === null ? filled?.(at, place) : null) ?? cellLine(cell))}
          </div>
        )
      })}
    </div>
  )
})

// One sticky layer for all numbers: a sticky cell in each row would be a layer each, painted anew in each frame.
const RowNumbers = ({ rows, within, top, height }: { rows: readonly number[]; within: (row: number) => number; top: number; height: number }) => (
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

const EditorSlot = ({ render, place, value, done }: { render: EditorOf; place: Place; value: Cell; done: (value?: Cell) => void }) => render(place, value, done)

const NO_NAMES: readonly string[] = []
const NO_ORDER: readonly ColumnOrder[] = []

function placeOf(target: EventTarget): Place | null {
  const cell = target instanceof HTMLElement ? target.closest<HTMLElement>('[data-column]') : null
  return cell ? { row: Number(cell.closest<HTMLElement>('[data-row]')?.dataset['row']), column: Number(cell.dataset['column']) } : null
}

/** The editor of one cell: opened where the grid allows it, and closed with a value or without. */
function useCellEditing({ editor, editable, onEdit, row, count, added = 0 }: GridProps, focus: () => void) {
  const [editing, setEditing] = useAnchoredPlace({ added, count })
  const edit = (place: Place | null) => {
    if (place && editor && editable?.(place) && row(place.row)) setEditing(place)
  }
  const done = (value?: Cell) => {
    if (editing && value !== undefined) onEdit?.(editing, value)
    setEditing(null)
    focus()
  }
  return { editing, edit, done }
}

function useGrid(props: GridProps) {
  const { columns, count, onView } = props
  const box = useRef<HTMLDivElement>(null)
  const narrow = useNarrow()
  const rowHeight = narrow ? 36 : 28
  const widths = useMemo(() => columns.map(widthOf), [columns])
  const view = useWindow(box, count, rowHeight, HEAD, widths)
  useEffect(() => onView?.(view.first, view.last))
  const total = MARGIN + widths.reduce((sum, width) => sum + width, 0)
  const selection = useSelection({ box, count, added: props.added ?? 0, widths, rowHeight, headHeight: HEAD, margin: MARGIN }, props.onPlace)
  const cell = useCellEditing(props, () => box.current?.focus())
  const onKeyDown = (event: KeyboardEvent) => {
    if (cell.editing || event.target !== box.current || selection.onMoveKey(event)) return
    const { from, to, rows } = selection
    if ((event.ctrlKey || event.metaKey) && event.key === 'c' && from && to) {
      event.preventDefault()
      props.onCopy?.(from, to)
    } else if (event.key === 'Enter' || event.key === 'F2') {
      event.preventDefault()
      cell.edit(to)
    } else if (event.key === 'Delete' && rows && props.onDelete) {
      const [low, high] = rows
      props.onDelete(Array.from({ length: high - low + 1 }, (_, step) => low + step))
    }
  }
  const onMouseDown = (event: MouseEvent) => {
    const place = placeOf(event.target)
    if (place && !cell.editing) selection.select(place, event.shiftKey)
  }
  return { box, rowHeight, widths, view, total, selection, cell, onKeyDown, onMouseDown }
}

export function Grid(props: GridProps) {
  const { label, columns, count, row, editor } = props
  const { box, rowHeight, widths, view, total, selection, cell, onKeyDown, onMouseDown } = useGrid(props)
  const { to, rows } = selection
  const isSelected = (at: number) => rows !== null && at >= rows[0] && at <= rows[1]
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
      onKeyDown={onKeyDown}
      onMouseDown={onMouseDown}
      onDoubleClick={(event) => cell.edit(placeOf(event.target))}
    >
      <GridHead columns={columns} widths={widths} margin={MARGIN} total={total} primary={props.primary ?? NO_NAMES} sort={props.sort ?? NO_ORDER} onSort={props.onSort} />
      <div role="rowgroup" style={{ height: view.total, width: total, position: 'relative' }}>
        <div role="presentation" style={{ position: 'absolute', transform: `translateY(${view.blockTop}px)`, width: total }}>
          {view.rows.map((at, slot) => (
            <GridRow
              key={slot}
              at={at}
              top={view.within(at)}
              height={rowHeight}
              width={total}
              columns={columns}
              widths={widths}
              {...view.columns}
              cells={row(at)}
              chosen={to?.row === at ? to.column : null}
              range={isSelected(at) ? selection.columns : null}
              tone={props.tone}
              filled={props.filled}
            />
          ))}
        </div>
        <RowNumbers rows={view.rows} within={view.within} top={view.blockTop} height={rowHeight} />
        {cell.editing && editor && (
          <div className="gedit" style={{ top: view.top(cell.editing.row), left: MARGIN + widths.slice(0, cell.editing.column).reduce((sum, width) => sum + width, 0), minWidth: widths[cell.editing.column] }}>
            <EditorSlot render={editor} place={cell.editing} value={row(cell.editing.row)?.[cell.editing.column] ?? null} done={cell.done} />
          </div>
        )}
      </div>
      {count === 0 && props.empty}
    </div>
  )
}
