import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ElkNode } from 'elkjs/lib/elk-api'
import type { Codebase } from '@/api/types'
import { flowModel, type FlowModel } from '@/lib/flow-model'
import { pathOf, type Lock } from '@/lib/graph-lock'
import { groupModel } from '@/lib/group-model'
import { bookshopGraph, groupGraph } from '@/testing/graph'
import { byRole, press, render, spoken, tap, until } from '@/testing/render'
import { FlowList } from './flow-list'
import { LineageContext, type LineageActions } from './lineage-context'
import { LockChip } from './lineage-toolbar'
import { foldersOf, toggled } from './lineage-filters'

/** ELK turns every layer upside down. */
vi.mock('@/lib/elk', () => ({
  layOut: (graph: ElkNode) => Promise.resolve({ ...graph, children: [...(graph.children ?? [])].reverse().map((node, index) => ({ ...node, y: index })) }),
}))
afterEach(() => localStorage.clear())

const graph = bookshopGraph()
const codebase = { id: 'c1', scan: { id: 's1' } } as Codebase

async function list(model: FlowModel, lock: Lock | null = null) {
  const actions: LineageActions = { toggleLock: vi.fn(), toggleRows: vi.fn(), openGroup: vi.fn(), followLine: vi.fn(), lock, chosen: null }
  const { container } = render(
    <LineageContext value={actions}>
      <FlowList model={model} subject={graph} codebase={codebase} scope="Everything." />
    </LineageContext>,
  )
  await until(() => expect(container.querySelector('section')).not.toBeNull())
  return { container, actions, rows: () => [...container.querySelectorAll('[data-row]')].map(spoken) }
}

const drawn = (lock: Lock | null) => flowModel(graph, { lock, path: lock && pathOf(graph, lock) }, new Set())

describe('the list twin', () => {
  it('has what the flow has, in its order, and says what is left out', async () => {
    const { container, rows } = await list(drawn(null))
    expect(spoken(container.querySelector('p') as Element)).toBe('Everything.')
    expect([...container.querySelectorAll('section > h2')].map(spoken)).toEqual(['Tables', 'Code', 'Endpoints'])
    expect(rows()).toEqual(['orders', '1 of 1 column used', 'users', '6 of 6 columns used', 'app/orders.py', 'totalJ1', 'app/service.py', 'registerFW3', 'loginF1', 'POST /users', 'GET /orders/{id}'])
    expect(container.textContent).toContain('used in 1 file')
  })

  it('locks a column, a function, a table or an endpoint', async () => {
    const lock: Lock = { kind: 'column', table: 'users', column: 'email' }
    const { container, actions } = await list(drawn(lock), lock)
    const column = [...container.querySelectorAll('[data-row]')].find((row) => spoken(row) === 'email1') as HTMLElement
    expect(column.getAttribute('aria-pressed')).toBe('true')
    tap(column)
    tap(byRole(container, 'button', 'orders'))
    tap(byRole(container, 'button', 'POST /users'))
    tap(byRole(container, 'button', 'loginF1'))
    expect(vi.mocked(actions.toggleLock).mock.calls.map(([called]) => called)).toEqual([
      lock,
      { kind: 'table', table: 'orders' },
      { kind: 'endpoint', endpoint: 'e.register' },
      { kind: 'symbol', file: 'app/service.py', symbol: 'login' },
    ])
    expect(byRole(container, 'button', 'totalJ1').closest('li')?.className).toContain('off')
  })

  it('is walked by keys', async () => {
    const { container } = await list(drawn(null))
    press(document.body, 'j')
    press(document.body, 'ArrowDown')
    expect(document.activeElement?.getAttribute('aria-label')).toBe('1 of 1 column used of orders')
    press(document.body, 'k')
    expect(spoken(document.activeElement as Element)).toBe('orders')
    expect(container.contains(document.activeElement)).toBe(true)
  })

  it('shows the columns of a table when they are asked for', async () => {
    const { container, actions } = await list(drawn(null))
    tap(byRole(container, 'button', '6 of 6 columns used of users'))
    expect(actions.toggleRows).toHaveBeenCalledExactlyOnceWith('table users')
  })

  it('opens a part of the code', async () => {
    const { container, actions } = await list(groupModel(groupGraph(), null, 60))
    tap(byRole(container, 'button', 'Open service services/jobs'))
    expect(actions.openGroup).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ kind: 'service', name: 'services/jobs' }))
    expect(container.textContent).toContain('uses 2 tables')
  })
})

describe('the chip of a lock', () => {
  it('releases the lock, or shows only its path', () => {
    const [onPin, onRelease] = [vi.fn(), vi.fn()]
    const { container } = render(<LockChip name="users.email" onPin={onPin} onRelease={onRelease} />)
    tap(byRole(container, 'button', 'Pin users.email: show only its path'))
    tap(byRole(container, 'button', 'Release users.email'))
    expect([onPin.mock.calls.length, onRelease.mock.calls.length]).toEqual([1, 1])
  })
})

describe('filters', () => {
  it('begin with the one that is clicked, and end where all or none would be left', () => {
    const all = ['a', 'b', 'c'] as const
    expect(toggled(new Set(all), all, 'b')).toBe('b')
    expect(toggled(new Set(['b']), all, 'a')).toBe('a,b')
    expect(toggled(new Set(['b']), all, 'b')).toBeUndefined()
    expect(toggled(new Set(['a', 'b']), all, 'c')).toBeUndefined()
  })

  it('offer every folder once', () => {
    expect(foldersOf(['a/b/x.ts', 'a/y.ts', 'z.ts'])).toEqual(['a', 'a/b'])
  })
})
