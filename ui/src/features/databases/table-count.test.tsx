import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Database } from '@/api/types'
import { answering } from '@/testing/page'
import { render, until } from '@/testing/render'
import { TableCount } from './table-count'

afterEach(() => vi.unstubAllGlobals())

function counted(database: Partial<Database>) {
  const asked = vi.fn(() => ({ relations: [{}, {}, {}] }))
  answering((fetch) => vi.stubGlobal('fetch', fetch), { 'GET /databases/d1/schema': asked })
  const { container } = render(
    <QueryClientProvider client={new QueryClient()}>
      <TableCount database={{ id: 'd1', tables: null, state: 'running', ...database } as Database} />
    </QueryClientProvider>,
  )
  return { container, asked }
}

describe('the number of tables', () => {
  it('is read from the schema of a running database that nobody has counted', async () => {
    const { container } = counted({})
    await until(() => container.textContent === '3')
  })

  it('is the known one, without a request', () => {
    const { container, asked } = counted({ tables: 7 })
    expect(container.textContent).toBe('7')
    expect(asked).not.toHaveBeenCalled()
  })

  it('does not wake a sleeping database', () => {
    const { container, asked } = counted({ state: 'asleep' })
    expect(container.textContent).toBe('–')
    expect(asked).not.toHaveBeenCalled()
  })
})
