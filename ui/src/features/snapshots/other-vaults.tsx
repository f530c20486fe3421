// Owns the list of the vaults in which older snapshots are, and of vaults that are open read-only, and closing them.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Vault } from '@/api/types'
import { Panel, TableHead, TableScroll } from '@/components/page'
import { ConfirmDialog } from '@/components/ui/dialog'
import { bytes, count, plural } from '@/lib/format'
import { useCloseVault, vaultsQuery } from './api'
import { locationOf } from './vault-location'

const COLUMNS = [{ name: 'Location' }, { name: 'Snapshots', className: 'num' }, { name: 'Stored', className: 'num' }, { name: 'Access' }, { name: 'Close', unseen: true }]

function VaultRow({ organization, vault, canChange }: { organization: string; vault: Vault; canChange: boolean }) {
  const [asking, setAsking] = useState(false)
  const close = useCloseVault(organization)
  const location = locationOf(vault)
  return (
    <tr>
      <td className="cut w-full max-w-0" title={location}>
        {location}
      </td>
      <td className="num">{count(vault.snapshots)}</td>
      <td className="num">{bytes(vault.new_bytes)}</td>
      <td className="dim">{vault.read_only ? 'Read-only' : 'Earlier location'}</td>
      <td className="num">
        {canChange && (
          <button type="button" className="btn" aria-label={`Close ${location}`} onClick={() => setAsking(true)}>
            Close
          </button>
        )}
        <ConfirmDialog
          title="Close this vault?"
          text={`${plural(vault.snapshots, 'snapshot')} will leave the lists here. Nothing in the vault is deleted: it can be opened again with a passphrase or key.`}
          action="Close vault"
          open={asking}
          onOpenChange={setAsking}
          onConfirm={() => close.mutateAsync(vault.id ?? '')}
        />
      </td>
    </tr>
  )
}

export function OtherVaults({ organization, canChange }: { organization: string; canChange: boolean }) {
  const vaults = useQuery(vaultsQuery(organization))
  const others = vaults.data?.filter((vault) => !vault.current) ?? []
  if (others.length === 0) return null
  return (
    <Panel title="Other vaults">
      <TableScroll label="Other vaults">
        <table className="table tall">
          <TableHead columns={COLUMNS} />
          <tbody>
            {others.map((vault) => (
              <VaultRow key={vault.id} organization={organization} vault={vault} canChange={canChange} />
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Panel>
  )
}
