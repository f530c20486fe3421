// Owns the toolbar between editor and results: run and cancel, plans, format, save, the tab below, and the row limit.
import { Play, Shapes, Square } from 'lucide-react'
import { Segmented } from '@/components/field'
import { useDatabase } from '@/lib/database-scope'
import type { EditorDialect } from '@/lib/dialects'
import { chord } from '@/lib/hotkeys'
import { useProjectScope } from '@/lib/project-scope'

export type Tab = 'results' | 'chart' | 'plan' | 'history'

const TABS: readonly { value: Tab; label: string; isOffered: (dialect: EditorDialect) => boolean }[] = [
  { value: 'results', label: 'Results', isOffered: () => true },
  { value: 'chart', label: 'Chart', isOffered: (dialect) => dialect.relational },
  { value: 'plan', label: 'Plan', isOffered: (dialect) => dialect.explains },
  { value: 'history', label: 'History', isOffered: () => true },
]
const LIMITS = [100, 500, 1000, 10_000]

export interface RunToolbarProps {
  dialect: EditorDialect
  busy: boolean
  tab: Tab
  limit: number
  building: boolean
  onRun: () => void
  onRunAll: () => void
  onCancel: () => void
  onExplain: (analyze: boolean) => void
  onFormat: () => void
  onSave: () => void
  onBuilder: () => void
  onTab: (tab: Tab) => void
  onLimit: (limit: number) => void
}

function RunButton({ busy, onRun, onCancel }: Pick<RunToolbarProps, 'busy' | 'onRun' | 'onCancel'>) {
  if (busy) {
    return (
      <button type="button" className="btn" onClick={onCancel}>
        <Square className="i" aria-hidden="true" />
        Cancel
      </button>
    )
  }
  return (
    <button type="button" className="btn primary" onClick={onRun}>
      <Play className="i" aria-hidden="true" />
      Run{' '}
      <kbd aria-hidden="true" className="hide-p">
        {chord('↵')}
      </kbd>
    </button>
  )
}

function DialectActions({ dialect, building, onBuilder, onExplain, onFormat }: Pick<RunToolbarProps, 'dialect' | 'building' | 'onBuilder' | 'onExplain' | 'onFormat'>) {
  return (
    <>
      {dialect.relational && (
        <button type="button" className="btn ghost" aria-pressed={building} onClick={onBuilder}>
          <Shapes className="i" aria-hidden="true" />
          Builder
        </button>
      )}
      {dialect.explains && (
        <>
          <button type="button" className="btn ghost hide-p" onClick={() => onExplain(false)}>
            Explain
          </button>
          <button type="button" className="btn ghost hide-p" onClick={() => onExplain(true)}>
            Analyze
          </button>
        </>
      )}
      {dialect.formatter !== null && (
        <button type="button" className="btn ghost hide-p" onClick={onFormat}>
          Format
        </button>
      )}
    </>
  )
}

export function RunToolbar(props: RunToolbarProps) {
  const { dialect, busy, tab, limit, onRunAll, onSave, onTab, onLimit } = props
  const database = useDatabase()
  const { project } = useProjectScope()
  return (
    <div className="runbar" role="toolbar" aria-label="Run">
      <RunButton {...props} />
      <button type="button" className="btn ghost" disabled={busy} onClick={onRunAll}>
        Run all
      </button>
      <DialectActions {...props} />
      <button type="button" className="btn ghost hide-p" onClick={onSave}>
        Save
      </button>
      <Segmented label="Output" value={tab} options={TABS.filter(({ isOffered }) => isOffered(dialect))} onChange={onTab} />
      <span className="grow" />
      {database.protected && <span className="chip warn">protected: asks before writes</span>}
      {project.role === 'viewer' && <span className="chip">read only</span>}
      <label className="row small dim hide-p">
        Limit
        <select value={limit} onChange={(event) => onLimit(Number(event.target.value))}>
          {LIMITS.map((rows) => (
            <option key={rows} value={rows}>
              {rows.toLocaleString('en')}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}
