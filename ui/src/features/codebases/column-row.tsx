// Owns one row of the column map.
import type { CSSProperties } from 'react'
import type { Column } from '@/api/types'
import { TypeGlyph } from '@/components/marks'
import { USE_LABELS } from '@/lib/column-map'
import { count } from '@/lib/format'
import { kindColor, kindInfo, KINDS, languageMark } from '@/lib/usage-kinds'

interface ColumnRowProps {
  column: Column
  index: number
  top: number
  height: number
  largest: number
  largestTotal: number
  chosen: boolean
  /** Whether the row says why the column is in the list. */
  withReason: boolean
  onOpen: () => void
}

function KindCell({ column, at, largest }: { column: Column; at: number; largest: number }) {
  const kind = KINDS[at]?.kind ?? 'read'
  const value = column.counts[kind]
  const width = `max(2px, ${((value / largest) * 100).toFixed(1)}%)`
  return (
    <div role="gridcell" aria-colindex={4 + at} className="kc" style={{ '--c': kindColor(kind) } as CSSProperties}>
      {value === 0 ? (
        <span className="z" aria-label="0">
          ·
        </span>
      ) : (
        <>
          <span>{count(value)}</span>
          <u aria-hidden="true" style={{ width }} />
        </>
      )}
    </div>
  )
}

/** All kinds in one bar: what phones show instead of seven columns. */
function Mix({ column, largestTotal }: { column: Column; largestTotal: number }) {
  const parts = KINDS.filter(({ kind }) => column.counts[kind] > 0)
  const told = parts.map(({ kind }) => `${kindInfo(kind).label} ${column.counts[kind]}`).join(', ')
  return (
    <span className="mix" role="img" aria-label={told} style={{ '--w': column.total / largestTotal } as CSSProperties}>
      {parts.map(({ kind }) => (
        <i key={kind} style={{ flex: column.counts[kind], background: kindColor(kind) }} />
      ))}
    </span>
  )
}

/** The languages of a column, and a mark if it is not used in full. */
function Marks({ column, reason }: { column: Column; reason: string }) {
  const languages = column.languages.map(languageMark).join(' ')
  if (column.use.state === 'used') return languages
  return (
    <span title={reason}>
      <span className="chip warn">{USE_LABELS[column.use.state].toLowerCase()}</span> {languages}
    </span>
  )
}

export function ColumnRow({ column, index, top, height, largest, largestTotal, chosen, withReason, onOpen }: ColumnRowProps) {
  const unused = column.total === 0
  const reason = `${column.use.reason}${column.use.certainty === 'likely' ? ' (likely)' : ''}`
  return (
    <div
      role="row"
      id={`column-${index}`}
      aria-rowindex={index + 2}
      aria-selected={chosen}
      className={`crow ${unused ? 'unused' : ''} ${chosen ? 'sel' : ''}`}
      style={{ height, transform: `translateY(${top}px)` }}
      onClick={onOpen}
    >
      <div role="gridcell" aria-colindex={1} className="name">
        <span className="row gap-1.5">
          <TypeGlyph type={column.type} primaryKey={column.primary_key} />
          <span className="cut">
            <span className="faint">{column.table_name}.</span>
            {column.column_name}
          </span>
        </span>
        {withReason && <span className="reason">{reason}</span>}
        {!withReason && !unused && <Mix column={column} largestTotal={largestTotal} />}
      </div>
      <div role="gridcell" aria-colindex={2} className="mono cut dim hide-p">
        {column.type}
      </div>
      <div role="gridcell" aria-colindex={3} className="num tot">
        {count(column.total)}
      </div>
      {KINDS.map(({ kind }, at) => (
        <KindCell key={kind} column={column} at={at} largest={largest} />
      ))}
      <div role="gridcell" aria-colindex={11} className="num">
        {column.files || '–'}
      </div>
      <div role="gridcell" aria-colindex={12} className={`cut dim hide-p ${withReason ? '' : 'mono'}`}>
        {withReason ? <span title={reason}>{reason}</span> : <Marks column={column} reason={reason} />}
      </div>
    </div>
  )
}
