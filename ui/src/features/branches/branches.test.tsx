import type { ReactNode } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Branch, Snapshot } from '@/api/types'
import { answering, DatabasePage, type Sent } from '@/testing/page'
import { byRole, fill, render, tap, until } from '@/testing/render'
import { actionsOf } from './branch-table'
import { BranchesPage } from './branches-page'
import { branchRequest, usable } from './create-branch-dialog'

const navigate = vi.fn()
vi.mock('@tanstack/react-router', () => ({ useNavigate: () => navigate, getRouteApi: () => ({}), Link: ({ children }: { children: ReactNode }) => <a href="/">{children}</a> }))

const branch = (rest: Partial<Branch> = {}): Branch =>
  ({
    name: 'feature', state: 'ready', database_id: 'd2', database_name: 'shop-feature', database_state: 'running', engine: 'sqlite', size_bytes: 5000, protected: false,
    parent_id: 'd1', parent_name: 'shop', base_id: 's1', base_taken_at: '2026-11-20T10:00:00Z', created_at: '2026-11-20T10:00:00Z', expires_at: null, job: null, ...rest,
  }) as Branch

let sent: Sent[]
beforeEach(() => navigate.mockReset())
afterEach(() => vi.unstubAllGlobals())

function page(branches: Branch[], role: 'admin' | 'member' | 'viewer' = 'admin') {
  sent = answering((fetch) => vi.stubGlobal('fetch', fetch), {
    'GET /databases/d1/branches': () => ({ items: branches, next: null }),
    'GET /databases/d1/snapshots': () => ({ items: [], next: null }),
    'POST /databases/d1/branches': () => branch({ state: 'creating' }),
  })
  return render(
    <DatabasePage role={role}>
      <BranchesPage />
    </DatabasePage>,
  ).container
}

describe('the page of branches', () => {
  it('creates the first branch', async () => {
    const container = page([])
    await until(() => expect(container.textContent).toContain('shop has no branches.'))
    tap(byRole(container, 'button', 'Create branch'))
    const dialog = document.querySelector('[role=dialog]') as HTMLElement
    fill(dialog.querySelector('input') as HTMLInputElement, 'feature')
    expect(dialog.textContent).toContain('shop@feature')
    tap(byRole(dialog, 'button', 'Create branch'))
    await until(() => expect(sent.find(({ method }) => method === 'POST')?.body).toEqual({ name: 'feature', snapshot_id: null, ttl_seconds: null }))
  })
  it('leads to the merge of a branch into its parent', async () => {
    const container = page([branch()])
    await until(() => expect(container.textContent).toContain('feature'))
    tap(byRole(container, 'button', 'Merge feature into shop'))
    expect(navigate).toHaveBeenCalledExactlyOnceWith({ href: '/p/p1/d/d1/merge?base=s1&source=d2' })
  })
  it('says why a branch failed, and shows members no actions and viewers no button', async () => {
    const failed = branch({ state: 'failed', database_id: null, job: { id: 'j1', state: 'failed', error: 'The disk is full.' } as Branch['job'] })
    const container = page([failed], 'member')
    await until(() => expect(container.textContent).toContain('The disk is full.'))
    expect(container.querySelector('[aria-label^="More actions"]')).toBeNull()
    expect(byRole(container, 'button', 'Create branch')).toBeTruthy()
    const seen = page([], 'viewer')
    await until(() => expect(seen.textContent).toContain('no branches'))
    expect(seen.querySelector('button')).toBeNull()
  })
})

describe('what can be done with a branch', () => {
  it('follows from its state', () => {
    expect(actionsOf(branch())).toEqual({ merge: true, reset: true, remove: true, cancel: false })
    expect(actionsOf(branch({ protected: true }))).toMatchObject({ merge: true, reset: false, remove: false })
    expect(actionsOf(branch({ parent_id: null }))).toMatchObject({ merge: false, reset: false, remove: true })
    expect(actionsOf(branch({ base_id: null }))).toMatchObject({ merge: false, reset: true })
    expect(actionsOf(branch({ state: 'creating' }))).toEqual({ merge: false, reset: false, remove: false, cancel: true })
  })
})

describe('the request', () => {
  it('has a snapshot and a lifetime only if they were chosen', () => {
    expect(branchRequest({ name: ' x ', snapshot: '', lifetime: '' })).toEqual({ name: 'x', snapshot_id: null, ttl_seconds: null })
    expect(branchRequest({ name: 'x', snapshot: 's1', lifetime: '86400' })).toEqual({ name: 'x', snapshot_id: 's1', ttl_seconds: 86_400 })
  })
  it('starts only from whole snapshots', () => {
    const snapshots = [{ id: 'a', status: 'complete', partial: false }, { id: 'b', status: 'complete', partial: true }, { id: 'c', status: 'taking', partial: false }] as Snapshot[]
    expect(usable(snapshots).map(({ id }) => id)).toEqual(['a'])
  })
})
