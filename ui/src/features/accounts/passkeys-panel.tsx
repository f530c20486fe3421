// Owns the passkeys of one's account: a list, adding, renaming and deleting.
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { Passkey } from '@/api/types'
import { TextField } from '@/components/field'
import { Panel, TableScroll } from '@/components/page'
import { ErrorNote, Loaded } from '@/components/states'
import { ConfirmDialog, Dialog } from '@/components/ui/dialog'
import { ago, day } from '@/lib/format'
import { asApiError } from '@/lib/problem'
import { whyNoPasskeys } from '@/lib/webauthn'
import { passkeysQuery, useCreatePasskey, useDeletePasskey, useRenamePasskey } from './passkeys-api'
import { RecoveryCodes } from './recovery-codes'

interface NameFormProps {
  name: string
  action: string
  error: unknown
  busy: boolean
  onEnter: (name: string) => void
}

function NameEntry({ name, action, error, busy, onEnter }: NameFormProps) {
  const [text, setText] = useState(name)
  const failure = error ? asApiError(error) : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onEnter(text.trim())
  }
  return (
    <form className="form-stack" onSubmit={submit}>
      {failure && !failure.fields['name'] && <ErrorNote error={failure} />}
      <TextField label="Name" required autoFocus maxLength={200} value={text} onChange={(event) => setText(event.target.value)} note="Of the device or the key, so that you recognize it." error={failure?.fields['name']} />
      <footer>
        <button type="submit" className="btn primary" disabled={busy || !text.trim()}>
          {action}
        </button>
      </footer>
    </form>
  )
}

function CreateDialog({ onClose }: { onClose: () => void }) {
  const create = useCreatePasskey()
  const codes = create.data?.recovery_codes ?? []
  const enter = (name: string) => create.mutate(name, { onSuccess: (made) => made.recovery_codes.length === 0 && onClose() })
  return (
    <Dialog title="Add a passkey" description="Your browser asks which device or key it is to be on." open onOpenChange={(open) => !open && onClose()}>
      {codes.length > 0 ? <RecoveryCodes codes={codes} onClose={onClose} /> : <NameEntry name="" action="Go on" error={create.error} busy={create.isPending} onEnter={enter} />}
    </Dialog>
  )
}

function Actions({ passkey }: { passkey: Passkey }) {
  const [open, setOpen] = useState<'rename' | 'delete' | null>(null)
  const rename = useRenamePasskey()
  const remove = useDeletePasskey()
  const close = () => setOpen(null)
  return (
    <>
      <button type="button" className="btn" aria-label={`Rename ${passkey.name}`} onClick={() => setOpen('rename')}>
        Rename
      </button>{' '}
      <button type="button" className="btn" aria-label={`Delete ${passkey.name}`} onClick={() => setOpen('delete')}>
        Delete
      </button>
      {open === 'rename' && (
        <Dialog title="Rename the passkey" open onOpenChange={close}>
          <NameEntry
            name={passkey.name}
            action="Rename"
            error={rename.error}
            busy={rename.isPending}
            onEnter={(name) => rename.mutate({ id: passkey.id, name }, { onSuccess: close })}
          />
        </Dialog>
      )}
      <ConfirmDialog
        title={`Delete ${passkey.name}?`}
        text="You can then no longer sign in with it, and all your other sessions end. Remove it from the device, too."
        action="Delete"
        open={open === 'delete'}
        onOpenChange={close}
        onConfirm={() => remove.mutateAsync(passkey.id)}
      />
    </>
  )
}

function PasskeyTable({ items }: { items: readonly Passkey[] }) {
  return (
    <TableScroll label="Passkeys">
      <table className="table tall">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Host</th>
            <th scope="col">Added</th>
            <th scope="col">Last used</th>
            <th scope="col">
              <span className="sr">Action</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((passkey) => (
            <tr key={passkey.id}>
              <td>
                {passkey.name} {passkey.is_synced && <span className="chip">synced</span>}
              </td>
              <td className="mono">{passkey.host}</td>
              <td>{day(passkey.created_at)}</td>
              <td>{passkey.last_used_at ? ago(passkey.last_used_at) : 'Never'}</td>
              <td className="num">
                <Actions passkey={passkey} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

export function PasskeysPanel() {
  const passkeys = useQuery(passkeysQuery())
  const [creating, setCreating] = useState(false)
  const why = whyNoPasskeys()
  const empty = why ?? 'None yet. A passkey signs you in without a password, and is your second factor.'
  return (
    <Panel
      title="Passkeys"
      aside={
        !why && (
          <button type="button" className="btn" onClick={() => setCreating(true)}>
            Add a passkey
          </button>
        )
      }
    >
      <Loaded query={passkeys} rows={2}>
        {(items) => (items.length === 0 ? <p className="p-4 dim">{empty}</p> : <PasskeyTable items={items} />)}
      </Loaded>
      {creating && <CreateDialog onClose={() => setCreating(false)} />}
    </Panel>
  )
}
