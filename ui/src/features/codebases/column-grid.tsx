// Owns the rows of the column map: only those in view are in the page, and the keyboard moves through all.
import { getRouteApi } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { ChevronDown, ChevronUp } from 'lucide-react'
import { useRef, useState, type CSSProperties, type KeyboardEvent } from 'react'
import type { Column } from '@/api/types'
import { KindLetter } from '@/components/marks'
import { firstDirection } from '@/lib/column-map'
import { useHotkeys } from '@/lib/hotkeys'
import type { ColumnSort, ColumnsSearch } from '@/lib/search-params'
import { KINDS } from '@/lib/usage-kinds'
import { useNarrow } from '@/lib/use-narrow'
import { ColumnRow } from './column-row'

const route = getRouteApi('/shell/p/$project/columns')

type Direction = 'asc' | 'desc'

interface ColumnGridProps {
  columns: Column[]
  largest: number
  largestTotal: number
  search: ColumnsSearch
  onSort: (sort: ColumnSort, dir: Direction) => void
}

interface HeadCellProps extends Pick<ColumnGridProps, 'search' | 'onSort'> {
  sort: ColumnSort
  label: string
  className?: string
  index: number
}

function HeadCell({ sort, label, search, onSort, className = '', index }: HeadCellProps) {
  const current = (search.sort ?? 'total') === sort
  const dir: Direction = search.dir ?? firstDirection(sort)
  const Arrow = dir === 'asc' ? ChevronUp : ChevronDown
  const next: Direction = current ? (dir === 'asc' ? 'desc' : 'asc') : firstDirection(sort)
  const kind = KINDS.find((info) => info.kind === sort)
  return (
    <div role="columnheader" aria-colindex={index} aria-sort={current ? (dir === 'asc' ? 'ascending' : 'descending') : undefined} className={className}>
      <button type="button" onClick={() => onSort(sort, next)}>
        {kind && <KindLetter kind={kind.kind} />}
        {label}
        {current && <Arrow className="i" aria-hidden="true" />}
      </button>
    </div>
  )
}

function Head({ search, onSort }: Pick<ColumnGridProps, 'search' | 'onSort'>) {
  const shared = { search, onSort }
  return (
    <div role="row" aria-rowindex={1} className="crow chead">
      <HeadCell {...shared} index={1} sort="name" label="Column" />
      <HeadCell {...shared} index={2} sort="type" label="Type" className="hide-p" />
      <HeadCell {...shared} index={3} sort="total" label="Uses" className="num" />
      {KINDS.map(({ kind, label }, at) => (
        <HeadCell key={kind} {...shared} index={4 + at} sort={kind} label={label} className="kc" />
      ))}
      <HeadCell {...shared} index={11} sort="files" label="Files" className="num" />
      <div role="columnheader" aria-colindex={12} className="hide-p">
        {search.use ? 'Reason' : 'In'}
      </div>
    </div>
  )
}

/** Where the keys take the chosen row. */
function nextRow(key: string, now: number, last: number): number | null {
  const page = 20
  const moves: Record<string, number> = { ArrowDown: now + 1, j: now + 1, ArrowUp: now - 1, k: now - 1, PageDown: now + page, PageUp: now - page, Home: 0, End: last }
  const next = moves[key]
  return next === undefined ? null : Math.min(last, Math.max(0, next))
}

export function ColumnGrid({ columns, largest, largestTotal, search, onSort }: ColumnGridProps) {
  const box = useRef<HTMLDivElement>(null)
  const [wanted, setChosen] = useState(-1)
  const { project } = route.useParams()
  const navigate = route.useNavigate()
  const narrow = useNarrow()
  const height = narrow ? 48 : 28
  const last = columns.length - 1
  const chosen = Math.min(wanted, last)
  // The virtualizer hands out functions that change with every scroll, which the compiler's memo cannot follow.
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({ count: columns.length, getScrollElement: () => box.current, estimateSize: () => height, overscan: 12 })

  const choose = (index: number) => {
    setChosen(index)
    rows.scrollToIndex(index)
    box.current?.focus()
  }
  const open = (column: Column) =>
    void navigate({ to: '/p/$project/lineage', params: { project }, search: { table: column.table_name, column: column.column_name } })
  const onKey = (event: KeyboardEvent) => {
    const next = nextRow(event.key, chosen, last)
    if (next !== null) {
      event.preventDefault()
      choose(next)
    }
    const column = columns[chosen]
    if (event.key === 'Enter' && column && event.target === box.current) open(column)
  }
  useHotkeys({ j: () => choose(Math.min(last, chosen + 1)), k: () => choose(Math.max(0, chosen - 1)) })

  return (
    <div
      ref={box}
      id="column-grid"
      className={`scroll cgrid ${search.use ? 'reasons' : ''}`}
      role="grid"
      aria-label="Column map"
      aria-rowcount={columns.length + 1}
      aria-colcount={12}
      aria-activedescendant={chosen >= 0 ? `column-${chosen}` : undefined}
      tabIndex={0}
      onKeyDown={onKey}
    >
      <div role="rowgroup" className="sticky top-0 z-10">
        <Head search={search} onSort={onSort} />
      </div>
      <div role="rowgroup" className="relative" style={{ height: rows.getTotalSize() } as CSSProperties}>
        {rows.getVirtualItems().map((row) => {
          const column = columns[row.index]
          if (!column) return null
          return (
            <ColumnRow
              key={column.column_id}
              column={column}
              index={row.index}
              top={row.start}
              height={height}
              withReason={search.use !== undefined}
              largest={largest}
              largestTotal={largestTotal}
              chosen={row.index === chosen}
              onOpen={() => open(column)}
            />
          )
        })}
      </div>
    </div>
  )
}
