// Owns the column map: every column with how often it is used, by kind, searchable and sortable.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useMemo } from 'react'
import type { Codebase, Columns } from '@/api/types'
import { SearchField, Segmented, SelectField } from '@/components/field'
import { NeedsScan } from '@/components/needs-scan'
import { usePageTitle } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { Menu, MenuItem, MenuLabel } from '@/components/ui/menu'
import { columnTotals, shownColumns, USE_LABELS, type ColumnTotals } from '@/lib/column-map'
import { saveBlob, withErrorToast } from '@/lib/download'
import { count } from '@/lib/format'
import { useHotkeys } from '@/lib/hotkeys'
import { COLUMN_USES, type ColumnsSearch } from '@/lib/search-params'
import { columnsQuery, downloadColumns, downloadReport, type ColumnsFormat } from './api'
import { ColumnGrid } from './column-grid'

const route = getRouteApi('/shell/p/$project/columns')

type Patch = (change: ColumnsSearch) => void

function usePatch(): Patch {
  const navigate = route.useNavigate()
  return (change) => void navigate({ search: (now) => ({ ...now, ...change }), replace: true })
}

const USES_FORMATS = [
  { format: 'csv', label: 'CSV' },
  { format: 'html', label: 'HTML' },
  { format: 'sarif', label: 'SARIF, for code scanning' },
] as const

function ExportMenu({ codebase }: { codebase: Codebase }) {
  const { use } = route.useSearch()
  const saveUses = (format: ColumnsFormat) =>
    withErrorToast(async () => saveBlob(await downloadColumns(codebase.id, use, format), `${codebase.name}-columns.${format}`))
  const save = (format: 'csv' | 'json' | 'html') =>
    withErrorToast(async () => saveBlob(await downloadReport(codebase.id, format), `${codebase.name}-usages.${format}`))
  return (
    <Menu
      align="end"
      trigger={
        <button type="button" className="btn tail">
          <Download className="i" aria-hidden="true" />
          Export
        </button>
      }
    >
      <MenuLabel>{use ? `Columns: ${USE_LABELS[use].toLowerCase()}` : 'Columns and how each is used'}</MenuLabel>
      {USES_FORMATS.map(({ format, label }) => (
        <MenuItem key={format} onSelect={() => void saveUses(format)}>
          {label}
        </MenuItem>
      ))}
      <MenuLabel>All usages</MenuLabel>
      <MenuItem onSelect={() => void save('csv')}>CSV</MenuItem>
      <MenuItem onSelect={() => void save('json')}>JSON</MenuItem>
      <MenuItem onSelect={() => void save('html')}>HTML report</MenuItem>
    </Menu>
  )
}

interface BarProps {
  totals: ColumnTotals
  counts: Columns['counts']
  codebase: Codebase
  patch: Patch
}

function Toolbar({ totals, counts, codebase, patch }: BarProps) {
  const search = route.useSearch()
  const tables = [{ value: '', label: 'All tables' }, ...totals.tables.map((table) => ({ value: table, label: table }))]
  const uses = [
    { value: 'all', label: <>All <span className="faint">{count(totals.columns)}</span></> },
    ...COLUMN_USES.map((value) => ({ value, label: <>{USE_LABELS[value]} <span className="faint">{count(counts[value])}</span></> })),
  ] as const
  return (
    <div className="toolbar">
      <h1>Columns</h1>
      <SearchField label="Find a column" placeholder="Name, type or table" value={search.q ?? ''} onChange={(q) => patch({ q: q || undefined })} onDown={focusGrid} />
      <Segmented label="Use" value={search.use ?? 'all'} options={uses} onChange={(use) => patch({ use: use === 'all' ? undefined : use })} />
      <SelectField label="Table" hideLabel value={search.table ?? ''} options={tables} onChange={(table) => patch({ table: table || undefined })} />
      <span className="grow hide-p" />
      <ExportMenu codebase={codebase} />
    </div>
  )
}

const focusGrid = () => document.getElementById('column-grid')?.focus()

function Stats({ totals, codebase }: Pick<BarProps, 'totals' | 'codebase'>) {
  const wholeRows = Math.max(0, (codebase.scan?.usages ?? 0) - totals.usages)
  return (
    <div className="stats">
      <span>
        <b>{count(Math.max(totals.usages, codebase.scan?.usages ?? 0))}</b> usages
      </span>
      {wholeRows > 0 && (
        <span>
          <b>{count(wholeRows)}</b> on whole rows
        </span>
      )}
      {codebase.scan && (
        <span>
          <b>{count(codebase.scan.files.scanned)}</b> files
        </span>
      )}
      <span>
        <b>{count(totals.tables.length)}</b> tables
      </span>
    </div>
  )
}

function ColumnMap({ answer, codebase }: { answer: Columns; codebase: Codebase }) {
  const { columns, counts } = answer
  const search = route.useSearch()
  const patch = usePatch()
  const totals = useMemo(() => columnTotals(columns), [columns])
  const shown = useMemo(() => shownColumns(columns, search), [columns, search])
  useHotkeys({ u: () => patch({ use: search.use === 'unused' ? undefined : 'unused' }) })
  return (
    <div className="tool fill">
      <Toolbar totals={totals} counts={counts} codebase={codebase} patch={patch} />
      <Stats totals={totals} codebase={codebase} />
      {shown.length > 0 ? (
        <ColumnGrid columns={shown} largest={totals.largest} largestTotal={totals.largestTotal} search={search} onSort={(sort, dir) => patch({ sort, dir })} />
      ) : (
        <EmptyState text={columns.length === 0 ? 'The scan found no tables in this codebase.' : 'No columns match this search.'}>
          {columns.length > 0 && (
            <button type="button" className="btn primary" onClick={() => patch({ q: undefined, use: undefined, table: undefined })}>
              Show all columns
            </button>
          )}
        </EmptyState>
      )}
      <div className="statusbar">
        <span>
          {count(shown.length)} of {count(totals.columns)} columns
        </span>
        <span className="hide-p">Bars share one scale: {count(totals.largest)} uses</span>
        <span className="end hide-p">↑ ↓ to move, ↵ to open lineage, u for unused only</span>
      </div>
    </div>
  )
}

export function ColumnsPage() {
  usePageTitle('Columns')
  return (
    <NeedsScan title="Columns">
      {(codebase) => <Columns codebase={codebase} />}
    </NeedsScan>
  )
}

function Columns({ codebase }: { codebase: Codebase }) {
  const columns = useQuery(columnsQuery(codebase.id))
  if (columns.data) return <ColumnMap answer={columns.data} codebase={codebase} />
  return (
    <>
      <div className="toolbar">
        <h1>Columns</h1>
      </div>
      <Loaded query={columns} rows={14}>
        {() => null}
      </Loaded>
    </>
  )
}
