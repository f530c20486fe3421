// Owns one row of the column map.
import type { CSSProperties } from 'react'
import type { ColumnSummary } from '@/api/types'
import { TypeGlyph } from '@/components/marks'
import { count } from '@/lib/format'
import { kindColor, kindInfo, KINDS, languageMark } from '@/lib/usage-kinds'

interface ColumnRowProps {
  column: ColumnSummary
  index: number
  top: number
  height: number
  largest: number
  largestTotal: number
  chosen: boolean
  onOpen: () => void
}

function KindCell({ column, at, largest }: { column: ColumnSummary; at: number; largest: number }) {
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
function Mix({ column, largestTotal }: { column: ColumnSummary; largestTotal: number }) {
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

export function ColumnRow({ column, index, top, height, largest, largestTotal, chosen, onOpen }: ColumnRowProps) {
  const unused = column.total === 0
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
        {!unused && <Mix column={column} largestTotal={largestTotal} />}
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
      <div role="gridcell" aria-colindex={12} className="mono cut dim hide-p">
        {unused ? <span className="chip warn">unused</span> : column.languages.map(languageMark).join(' ')}
      </div>
    </div>
  )
}
