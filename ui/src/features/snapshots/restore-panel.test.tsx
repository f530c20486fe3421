import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Database, RestorePlan, SnapshotDetail } from '@/api/types'
import { answering, database, DatabasePage, type Sent } from '@/testing/page'
import { byRole, fill, render, tap, until } from '@/testing/render'
import { RestorePanel } from './restore-panel'

const navigate = vi.fn()
vi.mock('@tanstack/react-router', () => ({ getRouteApi: () => ({ useNavigate: () => navigate }) }))

const table = (name: string, rows: number) => ({ schema: 'public', name, columns: [], key: ['id'], rows, raw_bytes: 0, stored_bytes: 0, new_bytes: 0, apart: false })
const SNAPSHOT = {
  id: 's1', database_id: 'd1', database_name: 'shop', engine: 'postgresql', status: 'complete', label: 'Before the sale', taken_at: '2026-11-20T10:00:00Z', tables: 2, rows: 30, stored_bytes: 1000, contents: [table('books', 10), table('loans', 20)],
} as unknown as SnapshotDetail
const PLAN: RestorePlan = { target_name: 'shop-restored', fresh: true, undo: false, refusals: [], steps: [{ table: 'public.books', rows: 10, rows_there: null, action: 'create', sentence: '' }] }

let sent: Sent[]
let plan: (body: Record<string, unknown>) => RestorePlan

beforeEach(() => {
  navigate.mockReset()
  plan = () => PLAN
})
afterEach(() => vi.unstubAllGlobals())

function panel({ role = 'admin', scope = database() }: { role?: 'admin' | 'member'; scope?: Database } = {}) {
  sent = answering((fetch) => vi.stubGlobal('fetch', fetch), {
    'GET /snapshots/s1': () => SNAPSHOT,
    'GET /projects/p1/databases': () => ({ items: [scope, database({ id: 'd2', name: 'staging' })], next: null }),
    'GET /engines': () => [{ name: 'postgresql', unavailable: null }],
    'POST /snapshots/s1/restores/plan': (body) => plan(body as Record<string, unknown>),
    'POST /snapshots/s1/restores': () => ({ id: 'r1' }),
  })
  const close = vi.fn()
  const { container } = render(
    <DatabasePage role={role} scope={scope}>
      <RestorePanel id="s1" onClose={close} onCancel={close} />
    </DatabasePage>,
  )
  const action = () => container.querySelector('footer .primary') as HTMLButtonElement
  const option = (index: number) => container.querySelectorAll<HTMLInputElement>('[type=radio]')[index] as HTMLInputElement
  const planned = () => sent.filter(({ path }) => path.endsWith('/plan')).at(-1)?.body
  return { container, close, action, option, planned, ready: () => until(() => expect(action()).toHaveProperty('disabled', false)) }
}

describe('the restore panel', () => {
  it('restores everything into a new database unless told otherwise', async () => {
    const { container, action, planned, ready } = panel()
    await ready()
    expect(container.textContent).toContain('shop#2026-11-20T10:00:00')
    expect(container.textContent).toContain('2 of 2')
    expect(container.textContent).toContain('Creates the database shop-restored with 1 table and 10 rows. Nothing else changes.')
    expect(action().textContent).toBe('Restore into shop-restored')
    expect(planned()).toEqual({ name: 'shop-restored', project_id: 'p1', target_id: null, tables: null, mode: 'empty', confirmed: false })
  })

  it('starts the restore that was planned, and follows it', async () => {
    const { action, ready } = panel()
    await ready()
    tap(action())
    await until(() => expect(navigate).toHaveBeenCalled())
    expect(sent.filter(({ path }) => path === '/snapshots/s1/restores')).toMatchObject([{ method: 'POST', body: { name: 'shop-restored', mode: 'empty' } }])
    const [{ search }] = navigate.mock.calls[0] as [{ search: (now: object) => object }]
    expect(search({ snapshot: 's1', restore: true })).toEqual({ snapshot: 's1', restore: undefined, run: 'r1' })
  })

  it('asks for no plan and starts nothing while the name cannot be used', async () => {
    const { container, action, ready } = panel()
    await ready()
    const asked = sent.length
    fill(byRole(container, 'textbox', 'Name'), 'My Shop')
    expect(container.textContent).toContain('Use lowercase letters, digits, _ and -.')
    expect(action().disabled).toBe(true)
    expect(sent).toHaveLength(asked)
  })

  it('plans only the tables that are chosen, and none is none', async () => {
    const { container, action, planned, ready } = panel()
    await ready()
    const loans = [...container.querySelectorAll<HTMLInputElement>('.checks input')][1] as HTMLInputElement
    tap(loans)
    await until(() => expect(planned()).toMatchObject({ tables: ['public.books'] }))
    expect(container.textContent).toContain('1 of 2')
    tap(byRole(container, 'button', 'All'))
    await until(() => expect(planned()).toMatchObject({ tables: null }))
    await until(() => tap(byRole(container, 'button', 'None')))
    await until(() => expect(action().disabled).toBe(true))
    expect(container.textContent).toContain('0 of 2')
  })

  it('says why it cannot start, and does not start', async () => {
    plan = () => ({ ...PLAN, refusals: ['The database shop-restored exists already.'] })
    const { container, action } = panel()
    await until(() => expect(container.textContent).toContain('The database shop-restored exists already.'))
    expect(container.textContent).toContain('Cannot start')
    expect(action().disabled).toBe(true)
  })

  it('replaces data only when a protected database is confirmed', async () => {
    plan = (body) => ({ ...PLAN, target_name: 'shop', fresh: false, undo: true, refusals: body['confirmed'] ? [] : ['shop is protected.'] })
    const { container, action, option, planned, ready } = panel({ scope: database({ protected: true }) })
    await until(() => tap(option(2)))
    await until(() => expect(container.textContent).toContain('shop is protected. Write to it anyway'))
    expect(action().textContent).toBe('Replace data in shop')
    expect(action().disabled).toBe(true)
    tap(byRole(container, 'checkbox', 'shop is protected. Write to it anyway'))
    await ready()
    expect(planned()).toMatchObject({ target_id: 'd1', mode: 'overwrite', confirmed: true })
    expect(container.textContent).toContain('A snapshot of shop is taken first, so you can undo this.')
  })

  it('lets nobody but an admin replace data', async () => {
    const { container, option, ready } = panel({ role: 'member' })
    await ready()
    expect(option(2).disabled).toBe(true)
    expect(container.textContent).toContain('Requires an admin.')
  })

  it('closes by its buttons', async () => {
    const { container, close, ready } = panel()
    await ready()
    tap(byRole(container, 'button', 'Cancel'))
    tap(byRole(container, 'button', 'Close'))
    expect(close).toHaveBeenCalledTimes(2)
  })
})
