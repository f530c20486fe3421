import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Transfer } from '@/api/types'
import { answering, DatabasePage } from '@/testing/page'
import { render, until } from '@/testing/render'
import { TransferPage } from './transfer-page'

vi.mock('@tanstack/react-router', () => ({ Link: ({ children }: { children: unknown }) => children, getRouteApi: () => ({ useParams: () => ({ transfer: 't1' }) }) }))

afterEach(() => vi.unstubAllGlobals())

const COPY: Transfer = {
  id: 't1', kind: 'copy', database_id: 'd1', target_id: 'd2', filename: null, size_bytes: null, created_at: '2026-11-20T10:00:00Z', request: {}, result: {}, job: null,
  tables: [{ table: 'public.books', target: 'books', source_rows: 10, target_rows: 10, source_checksum: 'ab', target_checksum: 'ab', same: true }],
  refused: [],
  outcome: 'equal',
}

async function page(part: Partial<Transfer>) {
  answering((fetch) => vi.stubGlobal('fetch', fetch), { 'GET /transfers/t1': () => ({ ...COPY, ...part }) })
  const { container } = render(
    <DatabasePage>
      <TransferPage />
    </DatabasePage>,
  )
  await until(() => expect(container.textContent).toContain('books'))
  return container
}

describe('the result of a copy', () => {
  it('says that both sides have the same rows', async () => {
    const container = await page({})
    expect(container.textContent).toContain('The same rows on both sides')
    expect(container.querySelector('[role=alert]')).toBeNull()
  })

  it('names the objects that the target refused', async () => {
    const container = await page({ outcome: 'incomplete', refused: ['index public.by_age: division by zero'] })
    expect(container.textContent).toContain('The rows are copied, but 1 object not')
    expect([...container.querySelectorAll('[role=alert] li')].map((item) => item.textContent)).toEqual(['index public.by_age: division by zero'])
  })
})
