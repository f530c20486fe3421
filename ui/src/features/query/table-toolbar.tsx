// Owns the toolbar of a table's rows: the filter, adding, duplicating and deleting rows, and export.
import { Copy, Plus, Trash2 } from 'lucide-react'
import type { ResultFormat } from '@/api/types'
import type { Place } from '@/components/grid/grid'
import { Menu, MenuItem } from '@/components/ui/menu'
import type { StagedRows } from './use-staged-rows'

const EXPORTS: readonly { format: ResultFormat; label: string }[] = [
  { format: 'csv', label: 'CSV (all rows)' },
  { format: 'ndjson', label: 'NDJSON (all rows)' },
  { format: 'json', label: 'JSON (all rows)' },
  { format: 'parquet', label: 'Parquet (all rows)' },
]

interface FilterProps {
  value: string
  columns: readonly string[]
  isValid: boolean
  onChange: (text: string) => void
  onApply: () => void
}

function FilterField({ value, columns, isValid, onChange, onApply }: FilterProps) {
  return (
    <label className="field grow filterfield">
      <span className="sr">Filter</span>
      <input
        className="mono"
        placeholder={`${columns[0] ?? 'column'} = 1 and ${columns[1] ?? 'name'} ~ text`}
        value={value}
        spellCheck={false}
        aria-invalid={!isValid}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && isValid) onApply()
          if (event.key === 'Escape') onChange('')
        }}
      />
    </label>
  )
}

interface RowActionsProps {
  place: Place | null
  staged: StagedRows
  onDuplicate: (row: number) => void
}

function RowActions({ place, staged, onDuplicate }: RowActionsProps) {
  return (
    <>
      <button type="button" className="btn" onClick={() => staged.add({})}>
        <Plus className="i" aria-hidden="true" />
        Row
      </button>
      <button type="button" className="btn icon" aria-label="Duplicate the selected row" disabled={place === null} onClick={() => place && onDuplicate(place.row)}>
        <Copy className="i" aria-hidden="true" />
      </button>
      <button type="button" className="btn icon" aria-label="Delete the selected row" disabled={place === null || place.row < staged.added} onClick={() => place && staged.remove([place.row])}>
        <Trash2 className="i" aria-hidden="true" />
      </button>
    </>
  )
}

interface ToolbarProps {
  title: string
  filter: FilterProps
  /** null for those who may only look. */
  rowActions: RowActionsProps | null
  onExport: (format: ResultFormat) => void
}

export function TableToolbar({ title, filter, rowActions, onExport }: ToolbarProps) {
  return (
    <div className="toolbar gridbar" role="toolbar" aria-label="Table">
      <h2 className="mono cut">{title}</h2>
      <FilterField {...filter} />
      {rowActions && <RowActions {...rowActions} />}
      <Menu
        align="end"
        trigger={
          <button type="button" className="btn hide-p">
            Export
          </button>
        }
      >
        {EXPORTS.map(({ format, label }) => (
          <MenuItem key={format} onSelect={() => onExport(format)}>
            {label}
          </MenuItem>
        ))}
      </Menu>
    </div>
  )
}
