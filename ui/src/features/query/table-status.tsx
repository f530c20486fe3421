// Owns the bars below a table's rows: the staged changes, and the status with what the selected cell refers to.
import type { Cell, LiveRelation, RowsPage } from '@/api/types'
import type { Place } from '@/components/grid/grid'
import { Menu, MenuItem } from '@/components/ui/menu'
import type { RowFormat } from '@/lib/cells'
import { count, plural } from '@/lib/format'
import { Reference } from './reference-link'

const FORMATS: readonly RowFormat[] = ['tsv', 'csv', 'json', 'sql']

interface StagedBarProps {
  changes: number
  onDiscard: () => void
  onReview: () => void
}

export function StagedBar({ changes, onDiscard, onReview }: StagedBarProps) {
  if (changes === 0) return null
  return (
    <div className="stagebar" role="region" aria-label="Staged changes">
      <span>{plural(changes, 'unsaved change')}</span>
      <span className="grow" />
      <button type="button" className="btn" onClick={onDiscard}>
        Discard
      </button>
      <button type="button" className="btn primary" onClick={onReview}>
        Review SQL
      </button>
    </div>
  )
}

interface StatusProps {
  page: RowsPage | undefined
  relation: LiveRelation
  place: Place | null
  /** The cells of the selected row. */
  cells: readonly Cell[] | null
  onCopyRow: (format: RowFormat) => void
}

export function TableStatus({ page, relation, place, cells, onCopyRow }: StatusProps) {
  const column = place === null ? undefined : page?.columns[place.column]?.name
  const target = relation.foreign_keys.find((key) => key.columns.length === 1 && key.columns[0] === column)
  const value = place === null ? null : (cells?.[place.column] ?? null)
  return (
    <footer className="statusbar">
      {page && (
        <span>
          {page.count_is_estimate ? 'about ' : ''}
          {page.count === null ? 'many' : count(page.count)} rows
        </span>
      )}
      {page && <span>{page.milliseconds.toFixed(0)} ms</span>}
      {page?.why && <span className="cut">{page.why}</span>}
      <span className="grow" />
      {target && value !== null && <Reference target={target} value={value} />}
      {place && (
        <Menu
          align="end"
          trigger={
            <button type="button" className="link">
              Copy row as
            </button>
          }
        >
          {FORMATS.map((format) => (
            <MenuItem key={format} onSelect={() => onCopyRow(format)}>
              {format.toUpperCase()}
            </MenuItem>
          ))}
        </Menu>
      )}
    </footer>
  )
}
