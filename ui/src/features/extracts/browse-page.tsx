// Owns the inside of a snapshot: its tables with their rows, and SQL on them, without restoring anything.
import { useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { Download, Play, Square } from 'lucide-react'
import { useCallback, useRef, useState } from 'react'
import type { QueryResult, ResultFormat, SnapshotDetail } from '@/api/types'
import { Segmented } from '@/components/field'
import { usePageTitle } from '@/components/page'
import { EmptyState, ErrorNote, Loaded } from '@/components/states'
import { SqlEditor, type EditorHandle } from '@/features/query/editor'
import { Results } from '@/features/query/results'
import { snapshotQuery } from '@/features/snapshots/api'
import { title } from '@/features/snapshots/history'
import { tableName } from '@/features/snapshots/restoring'
import { DIALECTS } from '@/lib/dialects'
import { saveBlob, tellFailure } from '@/lib/download'
import { moment } from '@/lib/format'
import { chord } from '@/lib/hotkeys'
import { suggestions } from '@/lib/sql-completion'
import { exportSnapshotQuery, snapshotSchemaQuery } from './api'
import { ExportDialog } from './export-dialog'
import { SnapshotGrid } from './snapshot-grid'
import { SnapshotTables } from './snapshot-tables'
import { useQuestion } from './use-question'

const route = getRouteApi('/shell/p/$project/d/$database/snapshots/$snapshot')
const LIMIT = 1000
const NOTHING = () => undefined
const BELOW = [
  { value: 'rows', label: 'Rows' },
  { value: 'result', label: 'Result' },
] as const

const quoted = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)

function TablePicker({ snapshot, current }: { snapshot: SnapshotDetail; current: string | undefined }) {
  const navigate = route.useNavigate()
  return (
    <select className="only-p" aria-label="Table" value={current} onChange={(event) => void navigate({ search: { table: event.target.value } })}>
      {snapshot.contents.map((table) => (
        <option key={tableName(table)}>{tableName(table)}</option>
      ))}
    </select>
  )
}

function Inside({ snapshot }: { snapshot: SnapshotDetail }) {
  const { table: wanted } = route.useSearch()
  const table = snapshot.contents.find((one) => tableName(one) === wanted) ?? snapshot.contents[0]
  const name = table && tableName(table)
  const [text, setText] = useState(table ? `select *\nfrom ${[table.schema, table.name].filter((one) => one !== null).map(quoted).join('.')}\nlimit 100` : 'select 1')
  const [below, setBelow] = useState<'rows' | 'result'>('rows')
  const [asText, setAsText] = useState(false)
  const [asked, setAsked] = useState('')
  const [exporting, setExporting] = useState<'all' | 'table' | null>(null)
  const schema = useQuery(snapshotSchemaQuery(snapshot.id)).data
  const question = useQuestion(snapshot.id, LIMIT)
  const editor = useRef<EditorHandle | null>(null)
  const ready = useCallback((handle: EditorHandle | null) => {
    editor.current = handle
  }, [])
  const run = () => {
    const chosen = editor.current?.selection() ?? editor.current?.text() ?? text
    setBelow('result')
    setAsked(chosen)
    question.ask(chosen, asText)
  }
  const save = (_: QueryResult, format: ResultFormat) => void tellFailure(async () => saveBlob(await exportSnapshotQuery(snapshot.id, asked, format, asText), `${snapshot.database_name}.${format}`))
  const failed = question.answer?.error
  const findings = failed && failed.position !== null && asked === text ? [{ start: failed.position, end: failed.position + 1, severity: 'error' as const, message: failed.message }] : []
  return (
    <div className="sqlpage">
      <SnapshotTables tables={snapshot.contents} current={name} />
      <div className="sqlmain">
        <div className="editing asking">
          <SqlEditor
            label="SQL on the snapshot"
            colours={DIALECTS.sql.colours}
            value={text}
            onChange={setText}
            onRun={run}
            onSave={NOTHING}
            suggest={(value, caret) => (schema ? suggestions(value, caret, schema) : [])}
            findings={findings}
            ready={ready}
          />
        </div>
        <div className="runbar" role="toolbar" aria-label="Run">
          {question.busy ? (
            <button type="button" className="btn" onClick={question.cancel}>
              <Square className="i" aria-hidden="true" />
              Cancel
            </button>
          ) : (
            <button type="button" className="btn primary" onClick={run}>
              <Play className="i" aria-hidden="true" />
              Run <kbd aria-hidden="true">{chord('↵')}</kbd>
            </button>
          )}
          <Segmented label="Below" value={below} options={BELOW} onChange={setBelow} />
          <TablePicker snapshot={snapshot} current={name} />
          <span className="grow" />
          <label className="row small dim hide-p" title="Every value of every type has a text; not every one fits into a column of numbers or times.">
            <input type="checkbox" checked={asText} onChange={(event) => setAsText(event.target.checked)} />
            Columns as text
          </label>
          {name && below === 'rows' && (
            <button type="button" className="btn ghost hide-p" onClick={() => setExporting('table')}>
              Export table
            </button>
          )}
          <button type="button" className="btn" onClick={() => setExporting('all')}>
            <Download className="i" aria-hidden="true" />
            Export
          </button>
        </div>
        <section className="below" aria-label={below === 'rows' ? 'Rows' : 'Result'}>
          {below === 'rows' && (name ? <SnapshotGrid key={name} snapshot={snapshot.id} table={name} /> : <EmptyState text="The snapshot has no tables." />)}
          {below === 'result' && question.error !== null && <div className="p-4"><ErrorNote error={question.error} /></div>}
          {below === 'result' && question.error === null && question.answer && <Results answer={question.answer} onExport={save} />}
          {below === 'result' && question.error === null && !question.answer && (
            <EmptyState text={question.busy ? 'Running…' : 'Run DuckDB’s SQL on the snapshot with Ctrl+Enter; only the columns that it names are read.'} />
          )}
        </section>
      </div>
      {exporting && <ExportDialog snapshot={snapshot} only={exporting === 'table' ? name : undefined} onClose={() => setExporting(null)} />}
    </div>
  )
}

export function BrowsePage() {
  const { snapshot: id } = route.useParams()
  const snapshot = useQuery(snapshotQuery(id))
  usePageTitle('Inside a snapshot')
  return (
    <div className="tool fill">
      <div className="toolbar">
        <h1 className="cut">{snapshot.data ? `${title(snapshot.data)}, ${moment(snapshot.data.taken_at ?? snapshot.data.created_at)}` : 'Snapshot'}</h1>
        <span className="chip lockchip">read only</span>
        <span className="grow hide-p" />
        <Link from="/p/$project/d/$database/snapshots/$snapshot" to="/p/$project/d/$database/history" search={{ snapshot: id }} className="btn">
          History
        </Link>
      </div>
      <Loaded query={snapshot} rows={10}>
        {(data) => (data.status === 'complete' ? <Inside key={data.id} snapshot={data} /> : <EmptyState text="This snapshot is not complete: there is nothing to look at yet." />)}
      </Loaded>
    </div>
  )
}
