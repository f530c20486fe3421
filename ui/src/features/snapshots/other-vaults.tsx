// Owns the list of the vaults in which older snapshots are, and of vaults that are open read-only.
import { useQuery } from '@tanstack/react-query'
import { Panel, TableHead, TableScroll } from '@/components/page'
import { bytes, count } from '@/lib/format'
import { vaultsQuery } from './api'
import { locationOf } from './vault-location'

const COLUMNS = [{ name: 'Location' }, { name: 'Snapshots', className: 'num' }, { name: 'Stored', className: 'num' }, { name: 'Access' }]

export function OtherVaults({ organization }: { organization: string }) {
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
              <tr key={vault.id}>
                <td className="cut w-full max-w-0" title={locationOf(vault)}>
                  {locationOf(vault)}
                </td>
                <td className="num">{count(vault.snapshots)}</td>
                <td className="num">{bytes(vault.new_bytes)}</td>
                <td className="dim">{vault.read_only ? 'Read-only' : 'Earlier location'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Panel>
  )
}
