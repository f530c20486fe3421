import { act } from 'react'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Codebase } from '@/api/types'
import { flowModel, type FlowModel } from '@/lib/flow-model'
import { bookshopGraph, summary } from '@/testing/graph'
import { answering } from '@/testing/page'
import { byRole, fill, press, render, spoken, tap, until } from '@/testing/render'
import { FocusSearch, targetsIn } from './focus-search'

const COLUMNS = [summary('users.email', { read: 59 }), summary('users.email_verified'), summary('orders.user_id', { join: 3 })]
const FILES = [
  { path: 'app/users.py', usage_count: 12, status: 'scanned' },
  { path: 'app/unused_users.py', usage_count: 0, status: 'scanned' },
]

beforeEach(() => {
  answering((fetch) => vi.stubGlobal('fetch', fetch), {
    'GET /codebases/c1/lineage': () => ({ column_summaries: COLUMNS, usages: [], next: null }),
    'GET /codebases/c1/files': () => ({ items: FILES, next: null }),
  })
})
afterEach(() => vi.unstubAllGlobals())

function search(drawn?: FlowModel) {
  const patch = vi.fn()
  const go = vi.fn()
  const { container } = render(
    <QueryClientProvider client={new QueryClient()}>
      <FocusSearch codebase={{ id: 'c1' } as Codebase} patch={patch} drawn={drawn} onGo={go} />
    </QueryClientProvider>,
  )
  const field = byRole(container, 'textbox', 'Find in lineage')
  const offers = () => [...container.querySelectorAll('.suggest button')].map(spoken)
  const submit = () => act(() => void field.closest('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })))
  return { container, patch, go, field, offers, submit }
}

describe('the lineage search', () => {
  it('offers columns first, then tables and used files, then all names', async () => {
    const { field, offers } = search()
    expect(offers()).toEqual([])
    fill(field, 'USER')
    await until(() => expect(offers()).toEqual(['users.email59', 'users.email_verified0', 'orders.user_id3', 'users', 'app/users.py12', 'All names that contain “USER”']))
  })

  it('pins the column that is clicked, and forgets what was pinned before', async () => {
    const { container, field, patch, offers } = search()
    fill(field, 'users.email')
    await until(() => expect(offers()).toHaveLength(3))
    tap(container.querySelector('.suggest button') as HTMLElement)
    expect(patch).toHaveBeenCalledExactlyOnceWith({ table: 'users', column: 'email', file: undefined, symbol: undefined, q: undefined, usage: undefined, at: undefined })
    await until(() => expect(offers()).toEqual([]))
  })

  it('pins a table or a file by its name', async () => {
    const { container, field, patch, offers } = search()
    fill(field, 'users')
    await until(() => expect(offers()).toContain('app/users.py12'))
    tap(byRole(container, 'button', 'users'))
    expect(patch).toHaveBeenLastCalledWith(expect.objectContaining({ table: 'users', column: undefined, file: undefined }))
    fill(field, 'users.py')
    await until(() => expect(offers()).toContain('app/users.py12'))
    tap(byRole(container, 'button', 'app/users.py12'))
    expect(patch).toHaveBeenLastCalledWith(expect.objectContaining({ file: 'app/users.py', table: undefined }))
  })

  it.each([
    ['  Users.email ', { table: 'users', column: 'email', q: undefined }],
    ['users', { table: 'users', column: undefined, q: undefined }],
    ['app/users.py', { file: 'app/users.py', q: undefined }],
    ['email', { q: 'email', table: undefined, column: undefined }],
    ['users.emai', { q: 'users.emai', table: undefined, column: undefined }],
  ])('pins with Enter what has exactly the name %s, and searches names otherwise', async (typed, expected) => {
    const { field, patch, submit } = search()
    fill(field, typed)
    submit()
    await until(() => expect(patch).toHaveBeenCalledExactlyOnceWith(expect.objectContaining(expected)))
  })

  it('searches all names that contain the text from the last offer', async () => {
    const { container, field, patch, offers } = search()
    fill(field, 'users.email')
    await until(() => expect(offers()).toHaveLength(3))
    tap(byRole(container, 'button', 'All names that contain “users.email”'))
    expect(patch).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ q: 'users.email', table: undefined, column: undefined }))
  })

  it('asks for nothing with Enter alone', () => {
    const { field, patch, submit } = search()
    fill(field, '   ')
    submit()
    expect(patch).not.toHaveBeenCalled()
  })

  it('is walked with the arrows, from the field to the last offer', async () => {
    const { field, offers } = search()
    fill(field, 'users.email')
    await until(() => expect(offers()).toHaveLength(3))
    press(field, 'ArrowDown')
    expect(spoken(document.activeElement as Element)).toBe('users.email59')
    for (let step = 0; step < 5; step += 1) press(document.activeElement as Element, 'ArrowDown')
    expect(document.activeElement?.textContent).toContain('All names')
    press(document.activeElement as Element, 'ArrowUp')
    expect(spoken(document.activeElement as Element)).toBe('users.email_verified0')
  })

  it('goes to what is in the graph, by column, function or endpoint', async () => {
    const drawn = flowModel(bookshopGraph(), { lock: null, path: null }, new Set(['table users']))
    expect(targetsIn(drawn, 'user').map((target) => target.name)).toEqual(['users', 'users.email', 'users.id', 'users.name', 'users.fax'])
    expect(targetsIn(drawn, 'register')).toEqual([{ lock: { kind: 'symbol', file: 'app/service.py', symbol: 'register' }, name: 'register', note: 'service.py' }])
    expect(targetsIn(undefined, 'register')).toEqual([])
    const { container, field, go, patch } = search(drawn)
    fill(field, 'get /orders')
    press(field, 'ArrowDown')
    expect(spoken(document.activeElement as Element)).toBe('GET /orders/{id}endpoint')
    tap(byRole(container, 'button', 'GET /orders/{id}endpoint'))
    expect(go).toHaveBeenCalledExactlyOnceWith({ kind: 'endpoint', endpoint: 'e.total' })
    expect(patch).not.toHaveBeenCalled()
  })

  it('closes with Escape', async () => {
    const { field, offers } = search()
    fill(field, 'users')
    await until(() => expect(offers().length).toBeGreaterThan(1))
    press(field, 'Escape')
    expect(offers()).toEqual([])
  })
})
