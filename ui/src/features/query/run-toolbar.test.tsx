import { describe, expect, it, vi } from 'vitest'
import type { Engine } from '@/api/types'
import { editorDialect } from '@/lib/dialects'
import { KEY_VALUE, RELATIONAL } from '@/testing/engines'
import { database, DatabasePage } from '@/testing/page'
import { byRole, click, fill, render, spoken, tap } from '@/testing/render'
import { RunToolbar, type RunToolbarProps } from './run-toolbar'

function toolbar(props: Partial<RunToolbarProps> = {}, { engine = RELATIONAL, role = 'member', isProtected = false }: { engine?: Engine; role?: 'member' | 'viewer'; isProtected?: boolean } = {}) {
  const calls = { onRun: vi.fn(), onRunAll: vi.fn(), onCancel: vi.fn(), onExplain: vi.fn(), onFormat: vi.fn(), onSave: vi.fn(), onBuilder: vi.fn(), onTab: vi.fn(), onLimit: vi.fn() }
  const { container } = render(
    <DatabasePage role={role} scope={database({ protected: isProtected })}>
      <RunToolbar dialect={editorDialect(engine)} busy={false} tab="results" limit={500} building={false} {...calls} {...props} />
    </DatabasePage>,
  )
  const names = () => [...container.querySelectorAll('button')].map(spoken)
  return { container, calls, names, press: (name: string) => tap(byRole(container, 'button', name)) }
}

describe('the toolbar of the editor', () => {
  it('runs the statement, all of them, and shows their plans', () => {
    const { container, calls, press } = toolbar()
    click(container, '.btn.primary')
    press('Run all')
    press('Explain')
    press('Analyze')
    press('Format')
    press('Save')
    expect([calls.onRun, calls.onRunAll, calls.onFormat, calls.onSave].map((call) => call.mock.calls.length)).toEqual([1, 1, 1, 1])
    expect(calls.onExplain.mock.calls).toEqual([[false], [true]])
  })

  it('offers to cancel, and no second run, while one is on its way', () => {
    const { container, calls, names, press } = toolbar({ busy: true })
    expect(names()).not.toContain('Run')
    expect(byRole(container, 'button', 'Run all')).toHaveProperty('disabled', true)
    press('Cancel')
    expect(calls.onCancel).toHaveBeenCalledOnce()
  })

  it('has only what the engine has', () => {
    const { names } = toolbar({}, { engine: KEY_VALUE })
    for (const name of ['Explain', 'Analyze', 'Format', 'Builder', 'Chart', 'Plan']) expect(names()).not.toContain(name)
    for (const name of ['Run all', 'Save', 'Results', 'History']) expect(names()).toContain(name)
  })

  it('has no plans where the engine has none', () => {
    const { names } = toolbar({}, { engine: { ...RELATIONAL, explains: false } })
    for (const name of ['Explain', 'Analyze', 'Plan']) expect(names()).not.toContain(name)
    for (const name of ['Format', 'Builder', 'Chart']) expect(names()).toContain(name)
  })

  it('tells which tab is open, and opens another', () => {
    const { container, calls, press } = toolbar({ tab: 'plan' })
    expect(byRole(container, 'button', 'Plan').getAttribute('aria-pressed')).toBe('true')
    expect(byRole(container, 'button', 'Results').getAttribute('aria-pressed')).toBe('false')
    press('Chart')
    expect(calls.onTab).toHaveBeenCalledExactlyOnceWith('chart')
  })

  it('changes how many rows are read', () => {
    const { container, calls } = toolbar()
    const select = container.querySelector('select') as HTMLSelectElement
    expect([...select.options].map((option) => option.text)).toEqual(['100', '500', '1,000', '10,000'])
    fill(select, '10000')
    expect(calls.onLimit).toHaveBeenCalledExactlyOnceWith(10_000)
  })

  it('says what stands in the way of writing', () => {
    expect(toolbar().container.textContent).not.toMatch(/protected|read only/)
    expect(toolbar({}, { isProtected: true }).container.textContent).toContain('protected: asks before writes')
    expect(toolbar({}, { role: 'viewer' }).container.textContent).toContain('read only')
  })
})
