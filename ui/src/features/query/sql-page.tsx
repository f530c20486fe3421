// Owns the SQL page: the editor over its results, plan and history; what is typed is kept in this browser per database.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Play, Shapes, Square } from 'lucide-react'
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react'
import type { Chart, Finding, Plan, QueryResult, ResultFormat } from '@/api/types'
import { ErrorNote, EmptyState, SkeletonRows } from '@/components/states'
import { usePageTitle } from '@/components/page'
import { Dialog } from '@/components/ui/dialog'
import { AUTO } from '@/features/charts/spec'
import { liveSchemaQuery, refreshSchema, useLanguage } from '@/features/databases/api'
import { useDatabase } from '@/lib/database-scope'
import { DIALECTS, type Language } from '@/lib/dialects'
import { saveBlob, tellFailure } from '@/lib/download'
import { chord } from '@/lib/hotkeys'
import { useProjectScope } from '@/lib/project-scope'
import { suggestions } from '@/lib/sql-completion'
import { check, explain, exportResult } from './api'
import { SqlEditor, type EditorHandle } from './editor'
import { HistoryList } from './history-list'
import { PlanView } from './plan-view'
import { Results } from './results'
import { ResultChart } from './result-chart'
import { SaveDialog } from './save-dialog'
import { SchemaTree } from './schema-tree'
import { useOpenedQuery } from './use-opened-query'
import { useRun } from './use-run'

const BuilderPanel = lazy(() => import('@/features/builder/builder-panel'))

type Tab = (typeof TABS)[number]

const TABS = ['results', 'chart', 'plan', 'history'] as const
const LIMITS = [100, 500, 1000, 10_000]

async function formatted(text: string): Promise<string> {
  const { formatDialect, postgresql } = await import('sql-formatter')
  return `${formatDialect(text, { dialect: postgresql, keywordCase: 'lower', tabWidth: 2 })}\n`
}

function useDraft(key: string, first: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => localStorage.getItem(key) ?? first)
  const change = useCallback(
    (next: string) => {
      setText(next)
      localStorage.setItem(key, next)
    },
    [key],
  )
  return [text, change]
}

/** What the server finds wrong, a moment after the last key. */
function useFindings(database: string, text: string, error: { position: number; message: string } | null): Finding[] {
  const [found, setFound] = useState<{ text: string; findings: Finding[] }>({ text: '', findings: [] })
  useEffect(() => {
    const timer = setTimeout(() => {
      if (text.trim()) void check(database, text).then((findings) => setFound({ text, findings }), () => undefined)
    }, 600)
    return () => clearTimeout(timer)
  }, [database, text])
  if (error) return [{ start: error.position, end: error.position + 1, severity: 'error', message: error.message }]
  return found.text === text ? found.findings : []
}

export function SqlPage() {
  const language = useLanguage(useDatabase().engine)
  return language ? <QueryPage language={language} /> : <SkeletonRows />
}

function QueryPage({ language }: { language: Language }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const dialect = DIALECTS[language]
  usePageTitle(`${dialect.title} · ${database.name}`)
  const [text, setText] = useDraft(`headwater.sql.${database.id}`, dialect.first)
  const [limit, setLimit] = useState(500)
  const [tab, setTab] = useState<Tab>('results')
  const [plan, setPlan] = useState<Plan | null>(null)
  const [planError, setPlanError] = useState<unknown>(null)
  const [saving, setSaving] = useState(false)
  const [building, setBuilding] = useState(false)
  const [chart, setChart] = useState<Chart>(AUTO)
  const editor = useRef<EditorHandle | null>(null)
  const [ran, setRan] = useState({ offset: 0, text: '' })
  const ready = useCallback((handle: EditorHandle | null) => {
    editor.current = handle
  }, [])
  const schema = useQuery(liveSchemaQuery(database.id))
  const queries = useQueryClient()
  const run = useRun(database.id, limit)
  const failed = run.answer?.error
  const place = failed && failed.position !== null && text.slice(ran.offset).startsWith(ran.text) ? { position: failed.position + ran.offset, message: failed.message } : null
  const findings = useFindings(database.id, text, place)

  /** The selection, else the statement at the caret. */
  const chosen = () => {
    const whole = editor.current?.text() ?? text
    const selection = editor.current?.selection() ?? null
    if (selection !== null) return { text: selection, offset: whole.indexOf(selection) }
    const found = dialect.at(whole, editor.current?.caret() ?? 0)
    return { text: found.text, offset: found.start }
  }
  const put = (next: string) => (editor.current ? editor.current.replace(next) : setText(next))
  useOpenedQuery((opened) => {
    if (!text.includes(opened.text)) put(text.trim() && text !== dialect.first ? `${text.trimEnd()}\n\n${opened.text}\n` : opened.text)
    setChart(opened.chart)
  })
  const start = (what: { text: string; offset: number }) => {
    if (!what.text.trim()) return
    setRan(what)
    if (tab !== 'chart') setTab('results')
    run.start(what.text)
  }
  const showPlan = async (analyze: boolean) => {
    setTab('plan')
    setPlanError(null)
    try {
      setPlan(await explain(database.id, chosen().text, analyze))
    } catch (error) {
      setPlan(null)
      setPlanError(error)
    }
  }
  const exported = (result: QueryResult, format: ResultFormat) =>
    void tellFailure(async () => {
      const source = ran.text.slice(result.start, result.end)
      saveBlob(await exportResult(database.id, source, format), `${database.name}.${format}`)
    })
  const refresh = () => void tellFailure(async () => queries.setQueryData(['databases', database.id, 'schema'], await refreshSchema(database.id)))
  return (
    <div className="sqlpage">
      <h1 className="sr">{dialect.title} of {database.name}</h1>
      {schema.data && <SchemaTree schema={schema.data} what={dialect.tree} link={{ project: project.id, database: database.id }} onName={(name) => editor.current?.insert(name)} onRefresh={refresh} />}
      <div className="sqlmain">
        <div className={`editing ${building ? 'two' : ''}`}>
          {building && language === 'sql' && schema.data && (
            <Suspense fallback={<SkeletonRows rows={4} />}>
              <BuilderPanel
                database={database.id}
                schema={schema.data}
                text={text}
                caret={() => editor.current?.caret() ?? 0}
                put={(next) => (editor.current ? editor.current.replace(next, true) : setText(next))}
              />
            </Suspense>
          )}
          <SqlEditor
            label={dialect.title}
            colours={dialect.colours}
            value={text}
            onChange={setText}
            onRun={() => start(chosen())}
            onSave={() => setSaving(true)}
            suggest={(value, caret) => (schema.data && dialect.plans ? suggestions(value, caret, schema.data) : [])}
            findings={findings}
            ready={ready}
          />
        </div>
        <div className="runbar" role="toolbar" aria-label="Run">
          {run.busy ? (
            <button type="button" className="btn" onClick={run.cancel}>
              <Square className="i" aria-hidden="true" />
              Cancel
            </button>
          ) : (
            <button type="button" className="btn primary" onClick={() => start(chosen())}>
              <Play className="i" aria-hidden="true" />
              Run <kbd aria-hidden="true">{chord('↵')}</kbd>
            </button>
          )}
          <button type="button" className="btn ghost" disabled={run.busy} onClick={() => start({ text: editor.current?.text() ?? text, offset: 0 })}>
            Run all
          </button>
          {dialect.plans && (
            <button type="button" className="btn ghost" aria-pressed={building} onClick={() => setBuilding(!building)}>
              <Shapes className="i" aria-hidden="true" />
              Builder
            </button>
          )}
          {dialect.plans && (
            <>
              <button type="button" className="btn ghost hide-p" onClick={() => void showPlan(false)}>
                Explain
              </button>
              <button type="button" className="btn ghost hide-p" onClick={() => void showPlan(true)}>
                Analyze
              </button>
              <button type="button" className="btn ghost hide-p" onClick={() => void tellFailure(async () => put(await formatted(text)))}>
                Format
              </button>
            </>
          )}
          <button type="button" className="btn ghost hide-p" onClick={() => setSaving(true)}>
            Save
          </button>
          <div className="seg" role="group" aria-label="Below">
            {TABS.filter((one) => dialect.plans || one === 'results' || one === 'history').map((one) => (
              <button key={one} type="button" aria-pressed={tab === one} onClick={() => setTab(one)}>
                {one[0]?.toUpperCase()}
                {one.slice(1)}
              </button>
            ))}
          </div>
          <span className="grow" />
          {database.protected && <span className="chip warn">protected: writes ask first</span>}
          {project.role === 'viewer' && <span className="chip">read only</span>}
          <label className="row small dim hide-p">
            Limit
            <select value={limit} onChange={(event) => setLimit(Number(event.target.value))}>
              {LIMITS.map((one) => (
                <option key={one} value={one}>
                  {one.toLocaleString('en')}
                </option>
              ))}
            </select>
          </label>
        </div>
        <section className="below" aria-label={`Below: ${tab}`}>
          {(tab === 'results' || tab === 'chart') && run.error !== null && <div className="p-4"><ErrorNote error={run.error} /></div>}
          {tab === 'results' && run.error === null && run.answer && <Results answer={run.answer} onExport={exported} />}
          {tab === 'chart' && run.error === null && run.answer && <ResultChart answer={run.answer} chart={chart} onChange={setChart} />}
          {(tab === 'results' || tab === 'chart') && run.error === null && !run.answer && (
            <EmptyState text={run.busy ? 'Running…' : `Run the ${language === 'sql' ? 'statement' : 'command'} at the caret with Ctrl+Enter.`} />
          )}
          {tab === 'plan' && planError !== null && <div className="p-4"><ErrorNote error={planError} /></div>}
          {tab === 'plan' && planError === null && !plan && <EmptyState text="Explain shows how the statement at the caret would run; Analyze runs it and measures." />}
          {tab === 'plan' && plan && <PlanView plan={plan} onUse={(statement) => put(`${text.trimEnd()}\n\n${statement};\n`)} />}
          {tab === 'history' && <HistoryList onUse={(used) => put(`${text.trimEnd()}\n\n${used}\n`)} />}
        </section>
      </div>
      {saving && <SaveDialog text={text} chart={chart} onClose={() => setSaving(false)} />}
      {run.unconfirmed !== null && (
        <Dialog title={`Write to ${database.name}?`} description="This database is protected. Nothing has been changed yet." open onOpenChange={(open) => !open && run.refuse()}>
          <pre className="mono scroll">{run.unconfirmed.slice(0, 2000)}</pre>
          <footer>
            <button type="button" className="btn" onClick={run.refuse}>
              Leave it
            </button>
            <button type="button" className="btn danger" onClick={run.confirm}>
              Run it
            </button>
          </footer>
        </Dialog>
      )}
    </div>
  )
}
