// Owns the head of a grid: the name, type mark and order of each column.
import { ArrowDown, ArrowUp } from 'lucide-react'
import type { ResultColumn } from '@/api/types'
import { TypeGlyph } from '@/components/marks'

export interface ColumnOrder {
  column: string
  descending: boolean
}

interface HeadCellProps {
  column: ResultColumn
  primary: boolean
  order: ColumnOrder | undefined
  onSort: ((more: boolean) => void) | undefined
}

function HeadCell({ column, primary, order, onSort }: HeadCellProps) {
  const Arrow = order?.descending ? ArrowDown : ArrowUp
  const title = `${column.name} ${column.type}`
  const content = (
    <>
      <TypeGlyph type={column.type} primaryKey={primary} />
      <span className="cut">{column.name}</span>
      {order && <Arrow className="i" aria-hidden="true" />}
    </>
  )
  return onSort ? (
    <button type="button" className="ghead" title={title} onClick={(event) => onSort(event.shiftKey)}>
      {content}
    </button>
  ) : (
    <span className="ghead" title={title}>
      {content}
    </span>
  )
}

interface GridHeadProps {
  columns: readonly ResultColumn[]
  widths: readonly number[]
  /** The width of the row numbers. */
  margin: number
  total: number
  primary: readonly string[]
  sort: readonly ColumnOrder[]
  onSort: ((column: string, more: boolean) => void) | undefined
}

export function GridHead({ columns, widths, margin, total, primary, sort, onSort }: GridHeadProps) {
  return (
    <div role="row" aria-rowindex={1} className="grow-row ghrow" style={{ width: total }}>
      <div role="columnheader" className="gnum" style={{ width: margin }}>
        <span className="sr">Row</span>
      </div>
      {columns.map((column, at) => {
        const order = sort.find((one) => one.column === column.name)
        return (
          <div
            key={at}
            role="columnheader"
            aria-colindex={at + 2}
            aria-sort={order ? (order.descending ? 'descending' : 'ascending') : undefined}
            className={column.kind === 'number' ? 'num' : ''}
            style={{ width: widths[at] }}
          >
            <HeadCell column={column} primary={primary.includes(column.name)} order={order} onSort={onSort && ((more) => onSort(column.name, more))} />
          </div>
        )
      })}
    </div>
  )
}
