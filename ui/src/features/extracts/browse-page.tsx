// Owns browsing a snapshot: its tables with their rows, and SQL on them, without restoring anything.
import { useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { Download, Play, Square } from 'lucide-react'
import { useCallback, useRef, useState, type ReactNode } from 'react'
import type { Finding, QueryResult, ResultFormat, SnapshotDetail, SnapshotTable } from '@/api/types'
import { Segmented } from '@/components/field'
import { usePageTitle } from '@/components/page'
import { EmptyState, ErrorNote, Loaded } from '@/components/states'
import { SqlEditor, type EditorHandle } from '@/components/sql-editor/sql-editor'
import { Results } from '@/features/query/results'
import { snapshotQuery } from '@/features/snapshots/api'
import { title } from '@/features/snapshots/timeline-data'
import { tableName } from '@/lib/table-name'
import { saveBlob, withErrorToast } from '@/lib/download'
import { moment } from '@/lib/format'
import { chord } from '@/lib/hotkeys'
import { suggestions } from '@/lib/sql-completion'
import { exportSnapshotQuery, snapshotSchemaQuery } from './api'
import { ExportDialog } from './export-dialog'
import { SnapshotGrid } from './snapshot-grid'
import { SnapshotTables } from './snapshot-tables'
import { useSnapshotQuery } from './use-snapshot-query'

const route = getRouteApi('/shell/p/$project/d/$database/snapshots/$snapshot')
const LIMIT = 1000
const NOTHING = () => undefined
const BELOW = [
  { value: 'rows', label: 'Rows' },
  { value: 'result', label: 'Result' },
] as const
type Below = (typeof BELOW)[number]['value']

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

/** The text of the editor and what came of running it. */
function useSnapshotEditor(snapshot: SnapshotDetail, table: SnapshotTable | undefined) {
  const [text, setText] = useState(table ? `select *\nfrom ${[table.schema, table.name].filter((part) => part !== null).map(quoted).join('.')}\nlimit 100` : 'select 1')
  const [asText, setAsText] = useState(false)
  const [ran, setRan] = useState('')
  const query = useSnapshotQuery(snapshot.id, LIMIT)
  const editor = useRef<EditorHandle | null>(null)
  const ready = useCallback((handle: EditorHandle | null) => {
    editor.current = handle
  }, [])
  const run = () => {
    const chosen = editor.current?.selection() ?? editor.current?.text() ?? text
    setRan(chosen)
    query.ask(chosen, asText)
  }
  const exportTo = (_: QueryResult, format: ResultFormat) =>
    void withErrorToast(async () => saveBlob(await exportSnapshotQuery(snapshot.id, ran, format, asText), `${snapshot.database_name}.${format}`))
  const error = query.answer?.error
  const findings: Finding[] = error && error.position !== null && ran === text ? [{ start: error.position, end: error.position + 1, severity: 'error', message: error.message }] : []
  return { text, setText, asText, setAsText, query, ready, run, exportTo, findings }
}

type SnapshotEditor = ReturnType<typeof useSnapshotEditor>

interface ToolbarProps {
  editor: SnapshotEditor
  below: Below
  onRun: () => void
  onBelow: (below: Below) => void
  onExport: (what: 'all' | 'table') => void
  children: ReactNode
}

function BrowseToolbar({ editor: { query, asText, setAsText }, below, onRun, onBelow, onExport, children }: ToolbarProps) {
  return (
    <div className="runbar" role="toolbar" aria-label="Run">
      {query.busy ? (
        <button type="button" className="btn" onClick={query.cancel}>
          <Square className="i" aria-hidden="true" />
          Cancel
        </button>
      ) : (
        <button type="button" className="btn primary" onClick={onRun}>
          <Play className="i" aria-hidden="true" />
          Run <kbd aria-hidden="true">{chord('↵')}</kbd>
        </button>
      )}
      <Segmented label="Output" value={below} options={BELOW} onChange={onBelow} />
      {children}
      <span className="grow" />
      <label className="row small dim hide-p" title="Shows every value as the text it was stored as. Some values do not fit a number or time column.">
        <input type="checkbox" checked={asText} onChange={(event) => setAsText(event.target.checked)} />
        Show raw values
      </label>
      {below === 'rows' && (
        <button type="button" className="btn ghost hide-p" onClick={() => onExport('table')}>
          Export table
        </button>
      )}
      <button type="button" className="btn" onClick={() => onExport('all')}>
        <Download className="i" aria-hidden="true" />
        Export
      </button>
    </div>
  )
}

function QueryOutput({ editor: { query, exportTo } }: { editor: SnapshotEditor }) {
  if (query.error !== null) {
    return (
      <div className="p-4">
        <ErrorNote error={query.error} />
      </div>
    )
  }
  if (query.answer) return <Results answer={query.answer} onExport={exportTo} />
  return <EmptyState text={query.busy ? 'Running…' : 'Press Ctrl+Enter to run DuckDB SQL on the snapshot. Only the columns that the query names are read.'} />
}

function SnapshotBrowser({ snapshot }: { snapshot: SnapshotDetail }) {
  const { table: wanted } = route.useSearch()
  const table = snapshot.contents.find((one) => tableName(one) === wanted) ?? snapshot.contents[0]
  const name = table && tableName(table)
  const [below, setBelow] = useState<Below>('rows')
  const [exporting, setExporting] = useState<'all' | 'table' | null>(null)
  const schema = useQuery(snapshotSchemaQuery(snapshot.id)).data
  const editor = useSnapshotEditor(snapshot, table)
  const run = () => {
    setBelow('result')
    editor.run()
  }
  return (
    <div className="sqlpage">
      <SnapshotTables tables={snapshot.contents} current={name} />
      <div className="sqlmain">
        <div className="editing asking">
          <SqlEditor
            label="SQL on the snapshot"
            language="sql"
            value={editor.text}
            onChange={editor.setText}
            onRun={run}
            onSave={NOTHING}
            suggest={(value, caret) => (schema ? suggestions(value, caret, schema) : [])}
            findings={editor.findings}
            ready={editor.ready}
          />
        </div>
        <BrowseToolbar editor={editor} below={below} onRun={run} onBelow={setBelow} onExport={setExporting}>
          <TablePicker snapshot={snapshot} current={name} />
        </BrowseToolbar>
        <section className="below" aria-label={below === 'rows' ? 'Rows' : 'Result'}>
          {below === 'result' && <QueryOutput editor={editor} />}
          {below === 'rows' && (name ? <SnapshotGrid key={name} snapshot={snapshot.id} table={name} /> : <EmptyState text="The snapshot has no tables." />)}
        </section>
      </div>
      {exporting && <ExportDialog snapshot={snapshot} only={exporting === 'table' ? name : undefined} onClose={() => setExporting(null)} />}
    </div>
  )
}

export function BrowsePage() {
  const { snapshot: id } = route.useParams()
  const snapshot = useQuery(snapshotQuery(id))
  usePageTitle('Browse snapshot')
  return (
    <div className="tool fill">
      <div className="toolbar">
        <h1 className="cut">{snapshot.data ? `${title(snapshot.data)}, ${moment(snapshot.data.taken_at ?? snapshot.data.created_at)}` : 'Snapshot'}</h1>
        <span className="chip lockchip">read only</span>
        <span className="grow hide-p" />
        <Link from="/p/$project/d/$database/snapshots/$snapshot" to="/p/$project/d/$database/backups" search={{ snapshot: id }} className="btn">
          Backups
        </Link>
      </div>
      <Loaded query={snapshot} rows={10}>
        {(data) => (data.status === 'complete' ? <SnapshotBrowser key={data.id} snapshot={data} /> : <EmptyState text="This snapshot is not complete yet, so there is nothing to browse." />)}
      </Loaded>
    </div>
  )
}
