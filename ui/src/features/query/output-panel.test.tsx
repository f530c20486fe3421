import { describe, expect, it, vi } from 'vitest'
import type { QueryAnswer } from '@/api/types'
import { AUTO } from '@/components/charts/spec'
import { editorDialect } from '@/lib/dialects'
import { ApiError } from '@/lib/problem'
import { KEY_VALUE, RELATIONAL } from '@/testing/engines'
import { DatabasePage } from '@/testing/page'
import { byRole, render, tap } from '@/testing/render'
import { OutputPanel } from './output-panel'
import { figures } from './plan-figures'
import type { PlanState } from './use-plan'
import type { useRun } from './use-run'

type Run = ReturnType<typeof useRun>
const idle = { answer: null, error: null, busy: false, unconfirmed: null } as unknown as Run
const noPlan: PlanState = { plan: null, error: null, load: () => Promise.resolve() }
const column = (name: string) => ({ name, kind: 'text' as const, type: 'text', schema: null, table: null, column: null })
const result = (statement: number, columns: string[] | null, rows: string[][] = [], rest: object = {}) => ({ statement, command: 'INSERT', columns: columns?.map(column) ?? null, rows, affected: 2, truncated: false, notices: [], start: 0, end: 0, ...rest })
const answer = (results: object[], rest: object = {}) => ({ run_id: 'r', results, error: null, milliseconds: 6846, ...rest }) as unknown as QueryAnswer

function output(props: Partial<Parameters<typeof OutputPanel>[0]>, engine = RELATIONAL) {
  const append = vi.fn()
  const { container } = render(
    <DatabasePage>
      <OutputPanel tab="results" dialect={editorDialect(engine)} run={idle} plan={noPlan} chart={AUTO} onChart={() => undefined} onExport={() => undefined} onAppend={append} {...props} />
    </DatabasePage>,
  )
  return { container, append, text: container.textContent }
}

describe('below the editor', () => {
  it('says how to run a statement, or a command', () => {
    expect(output({}).text).toBe('Press Ctrl+Enter to run the statement under the cursor.')
    expect(output({}, KEY_VALUE).text).toBe('Press Ctrl+Enter to run the command under the cursor.')
    expect(output({ run: { ...idle, busy: true } }).text).toBe('Running…')
    expect(output({ tab: 'plan' }).text).toContain('Analyze runs it and measures.')
  })

  it('shows why a run was refused, with what to do', () => {
    const { container } = output({ run: { ...idle, error: new ApiError({ status: 409, detail: 'The database is stopped.', hint: 'Start it first.' }) } })
    expect(container.querySelector('[role=alert]')?.textContent).toBe('The database is stopped.Start it first.')
  })

  it('shows the rows of the last statement that has some, and those of another when it is chosen', () => {
    const run = { ...idle, answer: answer([result(0, ['a'], [['1']]), result(1, ['a'], [['2'], ['3']])]) }
    const { container, text } = output({ run })
    expect(text).toContain('2 rows')
    expect(text).toContain('6.8 s')
    expect(byRole(container, 'button', '2: 2 rows').getAttribute('aria-pressed')).toBe('true')
    expect(byRole(container, 'button', '1: 1 row').getAttribute('aria-pressed')).toBe('false')
  })

  it('says what statements without rows did', () => {
    expect(output({ run: { ...idle, answer: answer([result(0, null), result(1, null, [], { command: 'DELETE', affected: null })]) } }).text).toContain('INSERT, 2 rows · DELETE')
  })

  it('says that a transaction is open, or was rolled back', () => {
    expect(output({ run: { ...idle, answer: answer([result(0, null)], { in_transaction: true }) } }).text).toContain('A transaction is open in this tab.')
    expect(output({ run: { ...idle, answer: answer([result(0, null)], { rolled_back: true }) } }).text).toContain('The transaction was rolled back.')
    expect(output({ run: { ...idle, answer: answer([result(0, null)]) } }).text).not.toContain('transaction')
  })

  it('shows the message of a failed statement with its hint and code', () => {
    const error = { message: 'column "titel" does not exist', detail: null, hint: 'Perhaps you meant "title".', sqlstate: '42703', position: 8 }
    const { container, text } = output({ run: { ...idle, answer: answer([], { error }) } })
    expect(container.querySelector('[role=alert]')?.textContent).toBe('column "titel" does not existPerhaps you meant "title".42703')
    expect(text).toContain('Failed')
  })

  it('shows rows of one loop beside the estimate of one loop', () => {
    const node = { operation: 'Seq Scan', target: '', rows_actual: 64785.5, rows_expected: 76657, loops: 2, processes: 2, milliseconds: 63.2, cost: 9, detail: {}, children: [] }
    expect(figures(node)).toBe('64,786 rows × 2 loops in parallel, 76,657 expected · 63.2 ms')
    expect(figures({ ...node, loops: 900, processes: 1 })).toBe('64,786 rows × 900 loops, 76,657 expected · 63.2 ms')
    expect(figures({ ...node, loops: 1, processes: 1 })).toBe('64,786 rows, 76,657 expected · 63.2 ms')
    expect(figures({ ...node, loops: 0, processes: 1, rows_actual: 0 })).toBe('never executed')
    expect(figures({ ...node, rows_actual: null, milliseconds: null })).toBe('about 76,657 rows · cost 9')
  })

  it('puts the advice of a plan into the editor', () => {
    const root = { operation: 'Seq Scan', target: 'books', rows_actual: 1200, rows_expected: 1000, loops: 1, processes: 1, milliseconds: 2.5, cost: null, detail: {}, children: [] }
    const plan = { root, advice: [{ kind: 'index', text: 'An index would help.', figures: {}, statement: 'CREATE INDEX ON books (title)' }], execution_ms: 378.6, planning_ms: 0.4 }
    const { container, append, text } = output({ tab: 'plan', plan: { ...noPlan, plan: plan as unknown as PlanState['plan'] } })
    expect(text).toContain('Executed in 378.6 ms (rolled back); planning 0.4 ms.')
    tap(byRole(container, 'button', 'Insert into the editor'))
    expect(append).toHaveBeenCalledExactlyOnceWith('CREATE INDEX ON books (title);')
  })
})
