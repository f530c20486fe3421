// Owns the identities of one's account: what is linked, linking another, unlinking.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Identity } from '@/api/types'
import { Panel, TableScroll } from '@/components/page'
import { Loaded } from '@/components/states'
import { ConfirmDialog } from '@/components/ui/dialog'
import { withErrorToast } from '@/lib/download'
import { ago, day } from '@/lib/format'
import { identitiesQuery, providersQuery, useStartLink, useUnlink } from './providers-api'

function Row({ identity }: { identity: Identity }) {
  const [asking, setAsking] = useState(false)
  const unlink = useUnlink()
  return (
    <tr>
      <td>
        {identity.provider_name} {!identity.provider && <span className="chip">not in use here</span>}
      </td>
      <td>{identity.email || '–'}</td>
      <td>{day(identity.created_at)}</td>
      <td>{identity.last_used_at ? ago(identity.last_used_at) : 'Never'}</td>
      <td className="num">
        <button type="button" className="btn" onClick={() => setAsking(true)}>
          Unlink
        </button>
        <ConfirmDialog
          title={`Unlink ${identity.provider_name}?`}
          text="You can then no longer sign in with it."
          action="Unlink"
          open={asking}
          onOpenChange={setAsking}
          onConfirm={() => unlink.mutateAsync(identity.id)}
        />
      </td>
    </tr>
  )
}

function IdentityTable({ items }: { items: readonly Identity[] }) {
  return (
    <TableScroll label="Linked identities">
      <table className="table tall">
        <thead>
          <tr>
            <th scope="col">Provider</th>
            <th scope="col">Address there</th>
            <th scope="col">Linked</th>
            <th scope="col">Last used</th>
            <th scope="col">
              <span className="sr">Action</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((identity) => (
            <Row key={identity.id} identity={identity} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

export function IdentitiesPanel() {
  const providers = useQuery(providersQuery()).data ?? []
  const identities = useQuery(identitiesQuery())
  const start = useStartLink()
  if (providers.length === 0 && (identities.data?.length ?? 0) === 0) return null
  return (
    <Panel
      title="Linked identities"
      aside={providers.map((provider) => (
        <button key={provider.id} type="button" className="btn" disabled={start.isPending} onClick={() => void withErrorToast(() => start.mutateAsync(provider.id))}>
          Link {provider.name}
        </button>
      ))}
    >
      <Loaded query={identities} rows={2}>
        {(items) => (items.length === 0 ? <p className="p-4 dim">None yet. With a linked identity you sign in without a password.</p> : <IdentityTable items={items} />)}
      </Loaded>
    </Panel>
  )
}
