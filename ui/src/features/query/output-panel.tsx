// Owns what stands below the editor: results, chart, plan or query history.
import type { Chart, QueryResult, ResultFormat } from '@/api/types'
import { EmptyState, ErrorNote } from '@/components/states'
import type { EditorDialect } from '@/lib/dialects'
import { chord } from '@/lib/hotkeys'
import { useNarrow } from '@/lib/use-narrow'
import { HistoryList } from './history-list'
import { PlanView } from './plan-view'
import { ResultChart } from './result-chart'
import { Results } from './results'
import type { Tab } from './run-toolbar'
import type { PlanState } from './use-plan'
import type { useRun } from './use-run'

function PaddedError({ error }: { error: unknown }) {
  return (
    <div className="p-4">
      <ErrorNote error={error} />
    </div>
  )
}

function PlanTab({ plan, error, onUse }: { plan: PlanState['plan']; error: unknown; onUse: (statement: string) => void }) {
  if (error !== null) return <PaddedError error={error} />
  if (!plan) return <EmptyState text="Explain shows how the statement under the cursor would run. Analyze runs it and measures." />
  return <PlanView plan={plan} onUse={onUse} />
}

/** What to press, or on a phone which button. */
function useRunHint(dialect: EditorDialect): string {
  const narrow = useNarrow()
  const unit = `the ${dialect.relational ? 'statement' : 'command'} under the cursor`
  return narrow ? `Tap Run to run ${unit}.` : `Press ${chord('Enter').replace(' ', '+')} to run ${unit}.`
}

interface OutputProps {
  tab: Tab
  dialect: EditorDialect
  run: ReturnType<typeof useRun>
  plan: PlanState
  chart: Chart
  onChart: (chart: Chart) => void
  onExport: (result: QueryResult, format: ResultFormat) => void
  /** Puts a text behind the one in the editor. */
  onAppend: (text: string) => void
}

export function OutputPanel({ tab, dialect, run, plan, chart, onChart, onExport, onAppend }: OutputProps) {
  const hint = useRunHint(dialect)
  const content = () => {
    if (tab === 'plan') return <PlanTab plan={plan.plan} error={plan.error} onUse={(statement) => onAppend(`${statement};`)} />
    if (tab === 'history') return <HistoryList onUse={onAppend} />
    if (run.error !== null) return <PaddedError error={run.error} />
    if (!run.answer) return <EmptyState text={run.busy ? 'Running…' : hint} />
    if (tab === 'chart') return <ResultChart answer={run.answer} chart={chart} onChange={onChart} />
    return <Results answer={run.answer} onExport={onExport} />
  }
  return (
    <section className="below" aria-label="Output">
      {content()}
    </section>
  )
}
