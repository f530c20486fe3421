// Owns the grid of one table: filter, sort, staged edits, copy, and the row that a foreign key points to.
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { LiveRelation, LiveSchema, ResultFormat } from '@/api/types'
import { Grid, type Place } from '@/components/grid/grid'
import { EmptyState, ErrorNote, SkeletonRows } from '@/components/states'
import { formatRows, type RowFormat } from '@/lib/cells'
import { useDatabase } from '@/lib/database-scope'
import { copyText, saveBlob, withErrorToast } from '@/lib/download'
import { plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { parseFilter } from '@/lib/row-filter'
import { nextSort, sortOf, sortText } from '@/lib/row-sort'
import { tableAddress } from '@/lib/table-name'
import { exportResult } from './api'
import { LeaveGuard } from './leave-guard'
import { ReviewDialog } from './review-dialog'
import { RowEditor } from './row-editor'
import { StagedBar, TableStatus } from './table-status'
import { TableToolbar } from './table-toolbar'
import { useRows } from './use-rows'
import { useSelectedPlace } from './use-selected-place'
import { useStagedRows } from './use-staged-rows'

const route = getRouteApi('/shell/p/$project/d/$database/data')

interface Search {
  filter?: string | undefined
  sort?: string | undefined
}

/** Filter and order of the table, as they stand in the address. */
function useTableSearch(relation: LiveRelation) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const search = route.useSearch() as Search
  const navigate = useNavigate()
  const names = useMemo(() => relation.columns.map((column) => column.name), [relation])
  const { filters, error } = useMemo(() => parseFilter(search.filter ?? '', names), [search.filter, names])
  const sort = useMemo(() => sortOf(search.sort), [search.sort])
  const change = (part: Search) =>
    void navigate({
      to: '/p/$project/d/$database/data/$table',
      params: { project: project.id, database: database.id, table: tableAddress(relation) },
      search: { ...search, ...part },
      replace: true,
      resetScroll: false,
    })
  return { search, names, filters, error, sort, change }
}

/** The rows of the table with what is staged, and what can be done with them. */
function useTableRows(relation: LiveRelation, { filters, sort }: ReturnType<typeof useTableSearch>) {
  const database = useDatabase()
  const rows = useRows({ database: database.id, table: relation.name, schema: relation.schema, filters, sort })
  const page = rows.first.data
  const columns = page?.columns ?? []
  const staged = useStagedRows(relation, { first: page, row: rows.row, isCut: rows.isCut })
  // A copy gets a key of its own: the database assigns it, or somebody types it.
  const duplicate = (at: number) => {
    const row = staged.cells(at)
    const copied = row && columns.map((column, place) => [column.name, row[place] ?? null] as const).filter(([name]) => !page?.key.includes(name))
    if (copied) staged.add(Object.fromEntries(copied))
  }
  const copy = (format: RowFormat, from: Place, to: Place) => {
    const [top, bottom] = [Math.min(from.row, to.row), Math.max(from.row, to.row)]
    const [left, right] = [Math.min(from.column, to.column), Math.max(from.column, to.column)]
    const picked = Array.from({ length: bottom - top + 1 }, (_, step) => staged.cells(top + step)).filter((row) => row !== null)
    const isCell = picked.length === 1 && left === right
    const text = isCell ? String(picked[0]?.[left] ?? '') : formatRows(format, columns.slice(left, right + 1), picked.map((row) => row.slice(left, right + 1)), relation.name)
    void copyText(text, isCell ? 'Cell' : plural(picked.length, 'row'))
  }
  const exportAll = (format: ResultFormat) =>
    void withErrorToast(async () => {
      if (page) saveBlob(await exportResult(database.id, `SELECT * FROM ${page.name}`, format), `${relation.name}.${format}`)
    })
  return { rows, page, columns, staged, duplicate, copy, exportAll }
}

type TableRows = ReturnType<typeof useTableRows>

interface RowsProps {
  relation: LiveRelation
  schema: LiveSchema
  table: TableRows
  search: ReturnType<typeof useTableSearch>
  canEdit: boolean
  /** Names the rows that are shown: others have no selection yet. */
  shown: string
  onPlace: (place: Place | null) => void
}

function TableRowsGrid({ relation, schema, table: { rows, page, columns, staged, copy }, search: { filters, error, sort, change }, canEdit, shown, onPlace }: RowsProps) {
  if (error !== null) return <EmptyState text={`The filter is not valid, so no rows are shown. ${error}`} />
  if (rows.first.error) {
    return (
      <div className="p-4">
        <ErrorNote error={rows.first.error} retry={() => void rows.first.refetch()} />
      </div>
    )
  }
  if (page === undefined) return <SkeletonRows />
  return (
    <Grid
      key={shown}
      label={`Rows of ${relation.name}`}
      columns={columns}
      count={rows.count + staged.added}
      added={staged.added}
      row={staged.cells}
      filled={staged.added > 0 ? staged.filled : undefined}
      primary={relation.primary_key}
      sort={sort.map(({ column, descending }) => ({ column, descending: descending ?? false }))}
      onSort={(column, more) => change({ sort: sortText(nextSort(sort, column, more)) })}
      tone={staged.size > 0 ? staged.tone : undefined}
      onView={(from, to) => rows.show(from - staged.added, to - staged.added)}
      editable={() => canEdit}
      onEdit={staged.editCell}
      onPlace={onPlace}
      onCopy={(from, to) => copy('tsv', from, to)}
      onDelete={(list) => canEdit && staged.remove(list)}
      editor={(at, value, done) => <RowEditor key={`${at.row} ${at.column}`} relation={relation} schema={schema} columns={columns} staged={staged} place={at} value={value} done={done} />}
      empty={<EmptyState text={filters.length ? 'No row matches the filter.' : 'No rows. Add one, or import some.'} />}
    />
  )
}

export function TableGrid({ relation, schema }: { relation: LiveRelation; schema: LiveSchema }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const search = useTableSearch(relation)
  const table = useTableRows(relation, search)
  const { staged, page } = table
  const [typed, setTyped] = useState(search.search.filter ?? '')
  const [saves, setSaves] = useState(0)
  const shown = `${search.search.filter ?? ''}|${search.search.sort ?? ''}|${saves}`
  const { place, select } = useSelectedPlace(staged, table.rows.count + staged.added, shown)
  const [reviewing, setReviewing] = useState(false)
  const draft = parseFilter(typed, search.names)
  const canEdit = project.role !== 'viewer' && !database.read_only && (page?.key.length ?? 0) > 0
  const applied = () => {
    setReviewing(false)
    staged.discard()
    setSaves((number) => number + 1)
    void table.rows.reload()
  }
  return (
    <>
      <TableToolbar
        title={tableAddress(relation)}
        filter={{ value: typed, columns: search.names, isValid: draft.error === null, onChange: setTyped, onApply: () => search.change({ filter: typed.trim() || undefined }) }}
        rowActions={canEdit ? { place, staged, onDuplicate: table.duplicate } : null}
        onExport={table.exportAll}
      />
      {typed && draft.error && <p className="t-warn small px-4 py-1">{draft.error}</p>}
      <TableRowsGrid relation={relation} schema={schema} table={table} search={search} canEdit={canEdit} shown={shown} onPlace={select} />
      <StagedBar changes={staged.size} onDiscard={staged.discard} onReview={() => setReviewing(true)} />
      <TableStatus
        page={page}
        relation={relation}
        place={place}
        cells={place && staged.cells(place.row)}
        onCopyRow={(format) => place && table.copy(format, { row: place.row, column: 0 }, { row: place.row, column: table.columns.length - 1 })}
      />
      <LeaveGuard changes={staged.size} table={tableAddress(relation)} />
      {reviewing && <ReviewDialog database={database} input={staged.input} onClose={() => setReviewing(false)} onApplied={applied} />}
    </>
  )
}
