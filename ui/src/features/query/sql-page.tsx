// Owns the query page: the editor over its results, plan and history.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState, type ComponentType } from 'react'
import type { SqlLanguage } from 'sql-formatter'
import type { Chart, Engine, LiveSchema, QueryResult, ResultFormat } from '@/api/types'
import { AUTO } from '@/components/charts/spec'
import { usePageTitle } from '@/components/page'
import { SqlEditor } from '@/components/sql-editor/sql-editor'
import { SkeletonRows } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { liveSchemaQuery, refreshSchema, useDatabaseEngine } from '@/features/databases/api'
import { useDatabase } from '@/lib/database-scope'
import { editorDialect } from '@/lib/dialects'
import { saveBlob, withErrorToast } from '@/lib/download'
import { useProjectScope } from '@/lib/project-scope'
import { suggestions } from '@/lib/sql-completion'
import { exportResult } from './api'
import { OutputPanel } from './output-panel'
import { RunToolbar, type Tab } from './run-toolbar'
import { SchemaTree } from './schema-tree'
import { useFindings } from './use-findings'
import { useOpenedQuery } from './use-opened-query'
import { usePlan } from './use-plan'
import { useQueryText, type QueryText, type Statement } from './use-query-text'
import { useRun } from './use-run'

const BuilderPanel = lazy(() => import('@/features/builder/builder-panel'))

export interface SaveDialogProps {
  text: string
  chart: Chart
  onClose: () => void
}

interface PageProps {
  /** Saves a query under a name; other features have a say in where. */
  SaveDialog: ComponentType<SaveDialogProps>
}

async function formatted(text: string, dialect: string): Promise<string> {
  const { format } = await import('sql-formatter')
  // The engine names its dialect; one that the formatter does not know is an error that it reports.
  return `${format(text, { language: dialect as SqlLanguage, keywordCase: 'lower', tabWidth: 2 })}\n`
}

export function SqlPage(props: PageProps) {
  const engine = useDatabaseEngine()
  return engine ? <QueryPage engine={engine} {...props} /> : <SkeletonRows />
}

function BuilderBeside({ schema, query }: { schema: LiveSchema; query: QueryText }) {
  return (
    <Suspense fallback={<SkeletonRows rows={4} />}>
      <BuilderPanel database={useDatabase().id} schema={schema} text={query.text} caret={query.caret} put={(next) => query.replace(next, true)} />
    </Suspense>
  )
}

function ConfirmWrite({ text, onRefuse, onConfirm }: { text: string; onRefuse: () => void; onConfirm: () => void }) {
  const database = useDatabase()
  return (
    <Dialog title={`Write to ${database.name}?`} description="This database is protected. Nothing has been changed yet." open onOpenChange={(open) => !open && onRefuse()}>
      <pre className="mono scroll">{text.slice(0, 2000)}</pre>
      <footer>
        <button type="button" className="btn" onClick={onRefuse}>
          Cancel
        </button>
        <button type="button" className="btn danger" onClick={onConfirm}>
          Run it
        </button>
      </footer>
    </Dialog>
  )
}

/** Runs a part of the text, and knows where its error stands in the whole. */
function useStatementRun(query: QueryText, limit: number) {
  const database = useDatabase()
  const run = useRun(database.id, limit)
  const [ran, setRan] = useState<Statement>({ text: '', offset: 0 })
  const failed = run.answer?.error
  const isSameText = query.text.slice(ran.offset).startsWith(ran.text)
  const error = failed && failed.position !== null && isSameText ? { position: failed.position + ran.offset, message: failed.message } : null
  const start = (statement: Statement): boolean => {
    if (!statement.text.trim()) return false
    setRan(statement)
    run.start(statement.text)
    return true
  }
  const exportTo = (result: QueryResult, format: ResultFormat) =>
    void withErrorToast(async () => saveBlob(await exportResult(database.id, ran.text.slice(result.start, result.end), format), `${database.name}.${format}`))
  return { run, start, exportTo, findings: useFindings(database.id, query.text, error) }
}

function useSchema(database: string) {
  const queries = useQueryClient()
  const schema = useQuery(liveSchemaQuery(database)).data
  return { schema, refresh: () => void withErrorToast(async () => queries.setQueryData(['databases', database, 'schema'], await refreshSchema(database))) }
}

function QueryPage({ engine, SaveDialog }: PageProps & { engine: Engine }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const dialect = editorDialect(engine)
  usePageTitle(`${dialect.title} · ${database.name}`)
  const query = useQueryText(database.id, dialect)
  const [limit, setLimit] = useState(500)
  const [tab, setTab] = useState<Tab>('results')
  const [open, setOpen] = useState({ save: false, builder: false })
  const [chart, setChart] = useState<Chart>(AUTO)
  const { schema, refresh } = useSchema(database.id)
  const { run, start, exportTo, findings } = useStatementRun(query, limit)
  const plan = usePlan(database.id)
  useOpenedQuery((opened) => {
    const isEmpty = !query.text.trim() || query.text === dialect.starter
    if (!query.text.includes(opened.text)) query.replace(isEmpty ? opened.text : `${query.text.trimEnd()}\n\n${opened.text}\n`)
    setChart(opened.chart)
  })
  const runStatement = (statement: Statement) => {
    if (start(statement) && tab !== 'chart') setTab('results')
  }
  const showPlan = (analyze: boolean) => {
    setTab('plan')
    void plan.load(query.current().text, analyze)
  }
  return (
    <div className="sqlpage">
      <h1 className="sr">
        {dialect.title} of {database.name}
      </h1>
      {schema && <SchemaTree schema={schema} what={dialect.tree} link={{ project: project.id, database: database.id }} onName={query.insert} onRefresh={refresh} />}
      <div className="sqlmain">
        <div className={`editing ${open.builder ? 'two' : ''}`}>
          {open.builder && dialect.relational && schema && <BuilderBeside schema={schema} query={query} />}
          <SqlEditor
            label={dialect.title}
            language={dialect.editorLanguage}
            value={query.text}
            onChange={query.setText}
            onRun={() => runStatement(query.current())}
            onSave={() => setOpen((now) => ({ ...now, save: true }))}
            suggest={(value, caret) => (schema && dialect.relational ? suggestions(value, caret, schema) : [])}
            findings={findings}
            ready={query.ready}
          />
        </div>
        <RunToolbar
          {...{ dialect, tab, limit, busy: run.busy, building: open.builder, onTab: setTab, onLimit: setLimit, onCancel: run.cancel, onExplain: showPlan }}
          onRun={() => runStatement(query.current())}
          onRunAll={() => runStatement(query.all())}
          onFormat={() => void withErrorToast(async () => query.replace(await formatted(query.text, dialect.formatter ?? '')))}
          onSave={() => setOpen((now) => ({ ...now, save: true }))}
          onBuilder={() => setOpen((now) => ({ ...now, builder: !now.builder }))}
        />
        <OutputPanel {...{ tab, dialect, run, plan, chart }} onChart={setChart} onExport={exportTo} onAppend={query.append} />
      </div>
      {open.save && <SaveDialog text={query.text} chart={chart} onClose={() => setOpen((now) => ({ ...now, save: false }))} />}
      {run.unconfirmed !== null && <ConfirmWrite text={run.unconfirmed} onRefuse={run.refuse} onConfirm={run.confirm} />}
    </div>
  )
}
