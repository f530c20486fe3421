import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Restore } from '@/api/types'
import { answering, DatabasePage } from '@/testing/page'
import { render, until } from '@/testing/render'
import { RestoreProgressPanel } from './restore-progress-panel'

vi.mock('@tanstack/react-router', () => ({ Link: ({ children }: { children: unknown }) => children }))

afterEach(() => vi.unstubAllGlobals())

const RESTORE: Restore = {
  id: 'r1', snapshot_id: 's1', target_id: null, target_name: 'back', fresh: true, mode: 'empty', request: {}, undo_id: null, created_at: '2026-11-20T10:00:00Z', seconds: 2, job: null,
  tables: [{ table: 'public.books', expected: 10, written: 10, found: 10, same: true, contents: 'equal' }],
  schema_comparison: { equal: 12, different: [], missing: [], extra: [], reason: '' },
  summary: 'schema: 12 objects equal; rows: 1 table, 10 rows, contents equal',
  differs: false,
  outcome: 'equal',
  refused: [],
}

async function panel(part: Partial<Restore>) {
  answering((fetch) => vi.stubGlobal('fetch', fetch), { 'GET /restores/r1': () => ({ ...RESTORE, ...part }) })
  const { container } = render(
    <DatabasePage>
      <RestoreProgressPanel id="r1" onClose={vi.fn()} />
    </DatabasePage>,
  )
  await until(() => expect(container.textContent).toContain('public.books'))
  return container
}

describe('the result of a restore', () => {
  it('says what was compared with the snapshot', async () => {
    const container = await panel({})
    expect(container.textContent).toContain('No difference from the snapshot found')
    expect(container.textContent).toContain('Compared: schema: 12 objects equal; rows: 1 table, 10 rows, contents equal.')
    expect(container.querySelector('[role=alert]')).toBeNull()
  })

  it('names what differs from the snapshot', async () => {
    const container = await panel({
      differs: true,
      schema_comparison: { equal: 10, different: ['table public.books'], missing: ['view public.late'], extra: [], reason: '' },
      tables: [{ table: 'public.books', expected: 10, written: 10, found: 10, same: true, contents: 'different' }],
    })
    expect(container.textContent).toContain('The result differs from the snapshot')
    expect([...container.querySelectorAll('[role=alert] li')].map((item) => item.textContent)).toEqual(['table public.books: different', 'view public.late: missing'])
    expect(container.querySelector('td.t-del')?.textContent).toBe('different')
  })

  it('names the objects that the database refused, and is not called equal', async () => {
    const container = await panel({ differs: true, outcome: 'incomplete', refused: ['index public.i: no room'] })
    expect(container.textContent).toContain('All rows are restored, but 1 object not')
    expect(container.textContent).not.toContain('No difference')
    expect([...container.querySelectorAll('[aria-label="Not restored"] li')].map((item) => item.textContent)).toEqual(['index public.i: no room'])
  })

  it('is not called equal if not everything was compared', async () => {
    const container = await panel({ outcome: 'unchecked', schema_comparison: { equal: 0, different: [], missing: [], extra: [], reason: 'no rights' } })
    expect(container.textContent).toContain('not everything was compared')
  })
})
