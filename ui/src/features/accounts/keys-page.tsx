// Owns the API keys: the list, revoking, and the button that makes one.
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { ApiKey } from '@/api/types'
import { PageFrame, Panel, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { ConfirmDialog } from '@/components/ui/dialog'
import { ago, day } from '@/lib/format'
import { keysQuery, useRevokeKey } from './api'
import { NewKeyDialog } from './new-key-dialog'
import { RotateKeyDialog } from './rotate-key-dialog'

function KeyActions({ item, onRotate, onRevoke }: { item: ApiKey; onRotate: () => void; onRevoke: () => void }) {
  if (item.revoked_at) return <span className="chip">revoked</span>
  if (item.expires_at && new Date(item.expires_at) <= new Date()) return <span className="chip">expired</span>
  return (
    <>
      {item.replaced_by ? (
        <span className="chip warn">rotated</span>
      ) : (
        <button type="button" className="btn" onClick={onRotate}>
          Rotate
        </button>
      )}{' '}
      <button type="button" className="btn" onClick={onRevoke}>
        Revoke
      </button>
    </>
  )
}

function KeyRow({ item }: { item: ApiKey }) {
  const [asking, setAsking] = useState(false)
  const [rotating, setRotating] = useState(false)
  const revoke = useRevokeKey()
  return (
    <tr>
      <td>{item.name}</td>
      <td className="mono">{item.prefix}…</td>
      <td>{item.scopes.join(', ')}</td>
      <td>{item.project_id ? `${item.database_id ? 'Database' : 'Project'} ${item.limited_to}` : 'Everything'}</td>
      <td className="mono">{item.addresses.length > 0 ? item.addresses.join(', ') : 'anywhere'}</td>
      <td>{item.last_used_at ? ago(item.last_used_at) : 'never'}</td>
      <td>{item.expires_at ? day(item.expires_at) : 'never'}</td>
      <td className="num">
        <KeyActions item={item} onRotate={() => setRotating(true)} onRevoke={() => setAsking(true)} />
        {rotating && <RotateKeyDialog item={item} onClose={() => setRotating(false)} />}
        <ConfirmDialog
          title={`Revoke ${item.name}?`}
          text="Anything that uses this key stops working immediately. This cannot be undone."
          action="Revoke key"
          open={asking}
          onOpenChange={setAsking}
          onConfirm={() => revoke.mutateAsync(item.id)}
        />
      </td>
    </tr>
  )
}

function KeyTable({ items }: { items: ApiKey[] }) {
  if (items.length === 0) return <EmptyState text="No keys yet. A key lets a script or a pipeline use the API on your behalf." />
  return (
    <TableScroll label="API keys">
      <table className="table tall">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Starts with</th>
            <th scope="col">Scopes</th>
            <th scope="col">Reaches</th>
            <th scope="col">Valid at</th>
            <th scope="col">Last used</th>
            <th scope="col">Expires</th>
            <th scope="col">
              <span className="sr">Action</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <KeyRow key={item.id} item={item} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

export function KeysPage() {
  const [creating, setCreating] = useState(false)
  const keys = useQuery(keysQuery())
  return (
    <PageFrame
      title="API keys"
      actions={
        <button type="button" className="btn primary" onClick={() => setCreating(true)}>
          <Plus className="i" aria-hidden="true" />
          New key
        </button>
      }
    >
      <Panel title="Keys">
        <Loaded query={keys} rows={3}>
          {(items) => <KeyTable items={items} />}
        </Loaded>
      </Panel>
      {creating && <NewKeyDialog onClose={() => setCreating(false)} />}
    </PageFrame>
  )
}
