// Owns the grid of one table: filter, sort, staged edits, copy, and the row that a foreign key points to.
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Copy, Plus, Trash2 } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { LiveRelation, LiveSchema, ResultFormat } from '@/api/types'
import { EmptyState, ErrorNote, SkeletonRows } from '@/components/states'
import { Menu, MenuItem } from '@/components/ui/menu'
import { written, type Form } from '@/lib/cells'
import { useDatabase } from '@/lib/database-scope'
import { copyText, saveBlob, tellFailure } from '@/lib/download'
import { count, plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { parseFilter } from '@/lib/row-filter'
import { nextSort, sortOf, sortText } from '@/lib/row-sort'
import { exportResult } from './api'
import { Grid, type Place } from './grid'
import { Reference } from './reference'
import { ReviewDialog } from './review-dialog'
import { RowEditor } from './row-editor'
import { addressOf } from './schema-tree'
import { useRows } from './use-rows'
import { useStagedRows } from './use-staged-rows'

const route = getRouteApi('/shell/p/$project/d/$database/data')

const EXPORTS: readonly ResultFormat[] = ['csv', 'ndjson', 'json', 'parquet']

export function TableGrid({ relation, schema }: { relation: LiveRelation; schema: LiveSchema }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const search = route.useSearch() as { filter?: string; sort?: string }
  const navigate = useNavigate()
  const [typed, setTyped] = useState(search.filter ?? '')
  const [place, setPlace] = useState<Place | null>(null)
  const [reviewing, setReviewing] = useState(false)
  const names = useMemo(() => relation.columns.map((column) => column.name), [relation])
  const parsed = useMemo(() => parseFilter(search.filter ?? '', names), [search.filter, names])
  const draft = parseFilter(typed, names)
  const sort = useMemo(() => sortOf(search.sort), [search.sort])
  const rows = useRows({ database: database.id, table: relation.name, schema: relation.schema ?? null, filters: parsed.filters, sort })
  const first = rows.first.data
  const canEdit = project.role !== 'viewer' && !database.read_only && (first?.key.length ?? 0) > 0
  const columns = first?.columns ?? []
  const staged = useStagedRows(relation, { first, row: rows.row, isCut: rows.isCut })

  const go = (part: { filter?: string | undefined; sort?: string | undefined }) =>
    void navigate({
      to: '/p/$project/d/$database/data/$table',
      params: { project: project.id, database: database.id, table: addressOf(relation) },
      search: { ...search, ...part },
      replace: true,
      resetScroll: false,
    })

  // A copy gets a key of its own: the database gives it one, or somebody types it.
  const duplicate = (at: number) => {
    const row = staged.cells(at)
    const copied = row && columns.map((column, place) => [column.name, row[place] ?? null] as const).filter(([name]) => !first?.key.includes(name))
    if (copied) staged.add(Object.fromEntries(copied))
  }
  const copy = (form: Form, from: Place, to: Place) => {
    const [top, bottom] = [Math.min(from.row, to.row), Math.max(from.row, to.row)]
    const [left, right] = [Math.min(from.column, to.column), Math.max(from.column, to.column)]
    const picked = Array.from({ length: bottom - top + 1 }, (_, step) => staged.cells(top + step)).filter((row) => row !== null)
    const single = picked.length === 1 && left === right
    const text = single ? String(picked[0]?.[left] ?? '') : written(form, columns.slice(left, right + 1), picked.map((row) => row.slice(left, right + 1)), relation.name)
    void copyText(text, single ? 'Cell' : plural(picked.length, 'row'))
  }
  const exportAll = (format: ResultFormat) =>
    void tellFailure(async () => {
      if (first) saveBlob(await exportResult(database.id, `SELECT * FROM ${first.name}`, format), `${relation.name}.${format}`)
    })
  const target = place === null ? null : (relation.foreign_keys ?? []).find((key) => key.columns.length === 1 && key.columns[0] === columns[place.column]?.name)
  const pointed = place === null ? null : staged.cells(place.row)?.[place.column]

  return (
    <>
      <div className="toolbar gridbar" role="toolbar" aria-label="Table">
        <h2 className="mono cut">{addressOf(relation)}</h2>
        <label className="field grow filterfield">
          <span className="sr">Filter</span>
          <input
            className="mono"
            placeholder={`${names[0] ?? 'column'} = 1 and ${names[1] ?? 'name'} ~ text`}
            value={typed}
            spellCheck={false}
            aria-invalid={draft.error !== null}
            onChange={(event) => setTyped(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && draft.error === null) go({ filter: typed.trim() || undefined })
              if (event.key === 'Escape') setTyped('')
            }}
          />
        </label>
        {canEdit && (
          <>
            <button type="button" className="btn" onClick={() => staged.add({})}>
              <Plus className="i" aria-hidden="true" />
              Row
            </button>
            <button type="button" className="btn icon" aria-label="Duplicate the chosen row" disabled={place === null} onClick={() => place && duplicate(place.row)}>
              <Copy className="i" aria-hidden="true" />
            </button>
            <button type="button" className="btn icon" aria-label="Delete the chosen row" disabled={place === null || place.row < staged.added} onClick={() => place && staged.remove([place.row])}>
              <Trash2 className="i" aria-hidden="true" />
            </button>
          </>
        )}
        <Menu
          align="end"
          trigger={
            <button type="button" className="btn hide-p">
              Export
            </button>
          }
        >
          {EXPORTS.map((format) => (
            <MenuItem key={format} onSelect={() => exportAll(format)}>
              All rows as {format}
            </MenuItem>
          ))}
        </Menu>
      </div>
      {typed && draft.error && <p className="t-warn small px-4 py-1">{draft.error}</p>}
      {rows.first.error ? (
        <div className="p-4">
          <ErrorNote error={rows.first.error} retry={() => void rows.first.refetch()} />
        </div>
      ) : first === undefined ? (
        <SkeletonRows />
      ) : (
        <Grid
          key={`${search.filter ?? ''}|${search.sort ?? ''}`}
          label={`Rows of ${relation.name}`}
          columns={columns}
          count={rows.count + staged.added}
          row={staged.cells}
          primary={relation.primary_key ?? []}
          sort={sort.map(({ column, descending }) => ({ column, descending: descending ?? false }))}
          onSort={(column, more) => go({ sort: sortText(nextSort(sort, column, more)) })}
          tone={staged.size > 0 ? staged.tone : undefined}
          onView={(from, to) => rows.show(from - staged.added, to - staged.added)}
          editable={() => canEdit}
          onEdit={staged.editCell}
          onPlace={setPlace}
          onCopy={(from, to) => copy('tsv', from, to)}
          onDelete={(list) => canEdit && staged.remove(list)}
          editor={(at, value, done) => <RowEditor key={`${at.row} ${at.column}`} relation={relation} schema={schema} columns={columns} staged={staged} place={at} value={value} done={done} />}
          empty={<EmptyState text={parsed.filters.length ? 'No row fits the filter.' : 'No rows. Add one, or import some.'} />}
        />
      )}
      {staged.size > 0 && (
        <div className="stagebar" role="region" aria-label="Staged changes">
          <span>{plural(staged.size, 'change')} not yet in the database</span>
          <span className="grow" />
          <button type="button" className="btn" onClick={staged.discard}>
            Discard
          </button>
          <button type="button" className="btn primary" onClick={() => setReviewing(true)}>
            Review SQL
          </button>
        </div>
      )}
      <footer className="statusbar">
        {first && (
          <span>
            {first.count_is_estimate ? 'about ' : ''}
            {first.count === null ? 'many' : count(first.count)} rows
          </span>
        )}
        {first && <span>{first.milliseconds.toFixed(0)} ms</span>}
        {first?.why && <span className="cut">{first.why}</span>}
        <span className="grow" />
        {target && pointed !== null && pointed !== undefined && <Reference target={target} value={pointed} />}
        {place && (
          <Menu
            align="end"
            trigger={
              <button type="button" className="link">
                Copy row as
              </button>
            }
          >
            {(['tsv', 'csv', 'json', 'sql'] as const).map((form) => (
              <MenuItem key={form} onSelect={() => copy(form, { row: place.row, column: 0 }, { row: place.row, column: columns.length - 1 })}>
                {form.toUpperCase()}
              </MenuItem>
            ))}
          </Menu>
        )}
      </footer>
      {reviewing && (
        <ReviewDialog
          database={database}
          input={staged.input}
          onClose={() => setReviewing(false)}
          onApplied={() => {
            setReviewing(false)
            staged.discard()
            void rows.reload()
          }}
        />
      )}
    </>
  )
}
