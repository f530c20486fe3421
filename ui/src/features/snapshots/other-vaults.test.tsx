import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Vault } from '@/api/types'
import { answering, DatabasePage } from '@/testing/page'
import { byRole, click, render, tap, until } from '@/testing/render'
import { OtherVaults } from './other-vaults'

afterEach(() => vi.unstubAllGlobals())

const vault = (rest: Partial<Vault>) => ({ id: 'v1', kind: 'local', folder: '/mnt/old', current: false, read_only: true, snapshots: 3, new_bytes: 100, ...rest }) as Vault

describe('the other vaults', () => {
  it('are closed after a question', async () => {
    const closed = vi.fn(() => null)
    answering((fetch) => vi.stubGlobal('fetch', fetch), {
      'GET /organizations/o1/vaults': () => [vault({}), vault({ id: 'v2', folder: '/mnt/now', current: true })],
      'DELETE /organizations/o1/vaults/v1': closed,
    })
    const { container } = render(
      <DatabasePage>
        <OtherVaults organization="o1" canChange />
      </DatabasePage>,
    )
    await until(() => expect(container.textContent).toContain('/mnt/old'))
    expect(container.textContent).not.toContain('/mnt/now')
    click(container, 'button[aria-label="Close /mnt/old"]')
    await until(() => expect(document.body.textContent).toContain('3 snapshots will leave the lists here'))
    expect(closed).not.toHaveBeenCalled()
    tap(byRole(document.body, 'button', 'Close vault'))
    await until(() => expect(closed).toHaveBeenCalledTimes(1))
  })

  it('cannot be closed by members', async () => {
    answering((fetch) => vi.stubGlobal('fetch', fetch), { 'GET /organizations/o1/vaults': () => [vault({})] })
    const { container } = render(
      <DatabasePage>
        <OtherVaults organization="o1" canChange={false} />
      </DatabasePage>,
    )
    await until(() => expect(container.textContent).toContain('/mnt/old'))
    expect(container.querySelector('button')).toBeNull()
  })
})
