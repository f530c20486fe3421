// Owns what is selected in a grid: a cell or a range, moved by keys and the mouse, and kept in view.
import { useState, type KeyboardEvent, type RefObject } from 'react'
import { anchorOf, rowOf, type RowAnchor } from '@/lib/row-anchor'
import { scrollTo } from '@/lib/window'

export interface Place {
  row: number
  column: number
}

/** The measures of a grid that selecting needs. */
export interface GridMeasures {
  box: RefObject<HTMLDivElement | null>
  count: number
  /** How many of the rows are new ones above the stored rows. */
  added: number
  widths: readonly number[]
  rowHeight: number
  headHeight: number
  /** The width of the row numbers. */
  margin: number
}

const MOVES: Record<string, [number, number]> = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [20, 0], PageUp: [-20, 0] }

const clamp = (value: number, last: number) => Math.min(last, Math.max(0, value))

function bringIntoView({ box, count, widths, rowHeight, headHeight, margin }: GridMeasures, { row, column }: Place): void {
  const element = box.current
  if (!element) return
  const left = widths.slice(0, column).reduce((sum, width) => sum + width, 0)
  const right = left + margin + (widths[column] ?? 0)
  element.scrollTo({ top: scrollTo(row, count, rowHeight, element.clientHeight - headHeight, element.scrollTop) })
  if (left < element.scrollLeft) element.scrollLeft = left
  else if (right > element.scrollLeft + element.clientWidth) element.scrollLeft = right - element.clientWidth
}

/** The cell that a key goes to; null for other keys. */
function placeAfter(event: KeyboardEvent, { row, column }: Place, lastRow: number, lastColumn: number): Place | null {
  const move = MOVES[event.key]
  if (move) return { row: row + move[0], column: column + move[1] }
  if (event.key === 'Home') return { row: event.ctrlKey ? 0 : row, column: 0 }
  return event.key === 'End' ? { row: event.ctrlKey ? lastRow : row, column: lastColumn } : null
}

/** A cell that stays with its row while rows are added above it. */
export function useAnchoredPlace({ added, count }: Pick<GridMeasures, 'added' | 'count'>) {
  const [spot, setSpot] = useState<{ row: RowAnchor; column: number } | null>(null)
  const row = spot && rowOf(spot.row, added, count)
  const place: Place | null = spot && row !== null ? { row, column: spot.column } : null
  const set = (next: Place | null) => setSpot(next && { row: anchorOf(next.row, added), column: next.column })
  return [place, set] as const
}

export function useSelection(measures: GridMeasures, onPlace: ((place: Place) => void) | undefined) {
  const [from, setFrom] = useAnchoredPlace(measures)
  const [to, setTo] = useAnchoredPlace(measures)
  const [lastRow, lastColumn] = [measures.count - 1, measures.widths.length - 1]
  const select = (place: Place, extend = false) => {
    const next = { row: clamp(place.row, lastRow), column: clamp(place.column, lastColumn) }
    if (!extend) setFrom(next)
    setTo(next)
    onPlace?.(next)
    bringIntoView(measures, next)
  }
  /** Moves the selection when the key is one that moves it. */
  const onMoveKey = (event: KeyboardEvent): boolean => {
    const place = placeAfter(event, to ?? { row: 0, column: 0 }, lastRow, lastColumn)
    if (place === null) return false
    event.preventDefault()
    select(place, event.shiftKey && event.key in MOVES)
    return true
  }
  const rows: [number, number] | null = from && to ? [Math.min(from.row, to.row), Math.max(from.row, to.row)] : null
  const columns: [number, number] | null = from && to ? [Math.min(from.column, to.column), Math.max(from.column, to.column)] : null
  return { from, to, rows, columns, select, onMoveKey }
}
