// Owns the column map: every column with how often it is used, by kind, searchable and sortable.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useMemo } from 'react'
import type { Codebase, ColumnSummary } from '@/api/types'
import { SearchField, Segmented, SelectField } from '@/components/field'
import { NeedsScan } from '@/components/needs-scan'
import { usePageTitle } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { Menu, MenuItem } from '@/components/ui/menu'
import { columnTotals, shownColumns, type ColumnTotals } from '@/lib/column-map'
import { saveBlob, withErrorToast } from '@/lib/download'
import { count } from '@/lib/format'
import { useHotkeys } from '@/lib/hotkeys'
import type { ColumnsSearch } from '@/lib/search-params'
import { columnSummariesQuery, downloadReport } from './api'
import { ColumnGrid } from './column-grid'

const route = getRouteApi('/shell/p/$project/columns')

type Patch = (change: ColumnsSearch) => void

function usePatch(): Patch {
  const navigate = route.useNavigate()
  return (change) => void navigate({ search: (now) => ({ ...now, ...change }), replace: true })
}

function ExportMenu({ codebase }: { codebase: Codebase }) {
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
      <MenuItem onSelect={() => void save('csv')}>CSV</MenuItem>
      <MenuItem onSelect={() => void save('json')}>JSON</MenuItem>
      <MenuItem onSelect={() => void save('html')}>HTML report</MenuItem>
    </Menu>
  )
}

function Toolbar({ totals, codebase, patch }: { totals: ColumnTotals; codebase: Codebase; patch: Patch }) {
  const search = route.useSearch()
  const tables = [{ value: '', label: 'All tables' }, ...totals.tables.map((table) => ({ value: table, label: table }))]
  const uses = [
    { value: 'all', label: <>All <span className="faint">{count(totals.columns)}</span></> },
    { value: 'used', label: <>Used <span className="faint">{count(totals.used)}</span></> },
    { value: 'unused', label: <>Unused <span className="faint">{count(totals.unused)}</span></> },
  ] as const
  return (
    <div className="toolbar">
      <h1>Columns</h1>
      <SearchField label="Find a column" placeholder="Name, type or table" value={search.q ?? ''} onChange={(q) => patch({ q: q || undefined })} onDown={focusGrid} />
      <Segmented label="Use" value={search.use ?? 'all'} options={uses} onChange={(use) => patch({ use: use === 'all' || use === 'unread' ? undefined : use })} />
      <SelectField label="Table" hideLabel value={search.table ?? ''} options={tables} onChange={(table) => patch({ table: table || undefined })} />
      <span className="grow hide-p" />
      <ExportMenu codebase={codebase} />
    </div>
  )
}

const focusGrid = () => document.getElementById('column-grid')?.focus()

function Stats({ totals, codebase, patch }: { totals: ColumnTotals; codebase: Codebase; patch: Patch }) {
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
      <button type="button" onClick={() => patch({ use: 'unused' })}>
        <b>{count(totals.unused)}</b> columns unused
      </button>
      <button type="button" onClick={() => patch({ use: 'unread' })}>
        <b>{count(totals.unread)}</b> written, never read
      </button>
    </div>
  )
}

function ColumnMap({ columns, codebase }: { columns: ColumnSummary[]; codebase: Codebase }) {
  const search = route.useSearch()
  const patch = usePatch()
  const totals = useMemo(() => columnTotals(columns), [columns])
  const shown = useMemo(() => shownColumns(columns, search), [columns, search])
  useHotkeys({ u: () => patch({ use: search.use === 'unused' ? undefined : 'unused' }) })
  return (
    <div className="tool fill">
      <Toolbar totals={totals} codebase={codebase} patch={patch} />
      <Stats totals={totals} codebase={codebase} patch={patch} />
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
  const columns = useQuery(columnSummariesQuery(codebase.id))
  if (columns.data) return <ColumnMap columns={columns.data} codebase={codebase} />
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
