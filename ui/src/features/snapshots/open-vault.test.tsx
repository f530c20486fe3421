import { describe, expect, it } from 'vitest'
import type { OpenedVault, StoredSnapshot, Vault, VaultToOpen } from '@/api/types'
import { render } from '@/testing/render'
import { VaultContents, isComplete } from './open-vault'
import { locationOf } from './vault-location'

const stored = (rest: Partial<StoredSnapshot>): StoredSnapshot => ({
  id: 's', state: 'whole', problem: null, added: true, organization: 'Acme', database_name: 'shop', engine: 'postgresql', product: 'PostgreSQL 18.4', label: '',
  taken_at: '2026-11-20T10:00:00Z', tables: 2, rows: 1200, raw_bytes: 4000, stored_bytes: 1000, ...rest,
})
const opened = (readOnly: boolean, ...snapshots: StoredSnapshot[]): OpenedVault => ({ vault: { read_only: readOnly } as Vault, added: 1, recovery_manifests: 0, snapshots })

describe('the contents of an opened vault', () => {
  it('name each snapshot, and do not hide one that is damaged', () => {
    const nothing = { organization: null, database_name: null, engine: null, product: null, label: null, taken_at: null, tables: null, rows: null, raw_bytes: null, stored_bytes: null }
    const { container } = render(<VaultContents opened={opened(false, stored({ label: 'before the sale' }), stored({ ...nothing, id: 't', state: 'damaged', problem: 'The manifest is damaged.', added: false }))} />)
    const rows = [...container.querySelectorAll('tbody tr')].map((row) => row.textContent)
    expect(rows[0]).toContain('shop · before the sale')
    expect(rows[1]).toContain('Unknown')
    expect(container.querySelector('.t-del')?.getAttribute('title')).toBe('The manifest is damaged.')
    expect(container.textContent).toContain('2 snapshots in the vault, 1 added here.')
    expect(container.textContent).toContain('New snapshots are stored in this vault.')
  })
  it('say that a source stays as it is', () => {
    const { container } = render(<VaultContents opened={{ ...opened(true), recovery_manifests: 3 }} />)
    expect(container.textContent).toContain('open read-only')
    expect(container.textContent).toContain('3 base backups and logs of point-in-time recovery')
  })
})

describe('the vault to open', () => {
  const vault = (rest: Partial<VaultToOpen>) => ({ kind: 'local', folder: '/v', passphrase: 'p', key: '', bucket: '', region: 'r', access_key: 'a', secret_key: 's', ...rest }) as VaultToOpen
  it('needs a location and one secret', () => {
    expect([vault({}), vault({ passphrase: '', key: 'k' }), vault({ kind: 's3', bucket: 'b' })].map(isComplete)).toEqual([true, true, true])
    expect([vault({ folder: ' ' }), vault({ passphrase: '' }), vault({ passphrase: '', key: '\n' }), vault({ kind: 's3' })].map(isComplete)).toEqual([false, false, false, false])
  })
})

describe('the location of a vault', () => {
  it('is its folder or its bucket', () => {
    const vault = (rest: Partial<Vault>) => ({ kind: 'local', folder: '', bucket: '', prefix: '', ...rest }) as Vault
    expect([vault({}), vault({ folder: '/v' }), vault({ kind: 's3', bucket: 'b', prefix: 'p' }), vault({ kind: 's3', bucket: 'b' })].map(locationOf)).toEqual([
      'Local disk of this server', '/v', 'b/p', 'b',
    ])
  })
})
