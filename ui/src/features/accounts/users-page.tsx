// Owns the accounts of the instance, and what its administrator can do for who has lost a password or a device.
import { useQuery } from '@tanstack/react-query'
import { Copy, Ellipsis } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { toast } from 'sonner'
import type { AccountLink, UserChange, UserDetail } from '@/api/types'
import { TextField } from '@/components/field'
import { PageFrame, Panel, TableHead, TableScroll } from '@/components/page'
import { ErrorNote, Loaded } from '@/components/states'
import { ConfirmDialog, Dialog } from '@/components/ui/dialog'
import { Menu, MenuItem, MenuSeparator } from '@/components/ui/menu'
import { copyText, withErrorToast } from '@/lib/download'
import { ago, day } from '@/lib/format'
import { useChangeUser, useEmailLink, useEndSessions, useEndUserSession, useRemoveSecondFactor, useResetLink, userSessionsQuery, usersQuery } from './api'

const COLUMNS = [{ name: 'Name' }, { name: 'Email' }, { name: 'Since' }, { name: 'Last seen' }, { name: 'Second factor' }, { name: 'Actions', unseen: true }]

function LinkOnce({ link, onClose }: { link: AccountLink; onClose: () => void }) {
  return (
    <Dialog title="Link" description="Give it to the user. It is valid once, for an hour, and is not shown again." open onOpenChange={onClose}>
      <div className="secret">
        <code className="grow">{link.url}</code>
        <button type="button" className="btn" onClick={() => void copyText(link.url, 'Link')}>
          <Copy className="i" aria-hidden="true" />
          Copy
        </button>
      </div>
    </Dialog>
  )
}

function EmailDialog({ user, onClose }: { user: UserDetail; onClose: () => void }) {
  const [email, setEmail] = useState('')
  const link = useEmailLink()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    link.mutate({ user: user.id, email: email.trim() })
  }
  if (link.data) return <LinkOnce link={link.data} onClose={onClose} />
  return (
    <Dialog title={`New address of ${user.email}`} description="It changes when the user opens the link." open onOpenChange={onClose}>
      <form className="form-stack" onSubmit={submit}>
        {link.error && <ErrorNote error={link.error} />}
        <TextField label="New address" type="email" required autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />
        <footer>
          <button type="submit" className="btn primary" disabled={link.isPending || !email.trim()}>
            Make the link
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

function SessionsDialog({ user, onEndAll, onClose }: { user: UserDetail; onEndAll: () => void; onClose: () => void }) {
  const sessions = useQuery(userSessionsQuery(user.id))
  const end = useEndUserSession(user.id)
  return (
    <Dialog title={`Sessions of ${user.email}`} open onOpenChange={onClose}>
      <Loaded query={sessions} rows={2}>
        {(items) => (
          <>
            {items.length === 0 && <p className="dim">Nobody is signed in.</p>}
            {items.map((session) => (
              <div key={session.id} className="row">
                <span className="grow">
                  {session.device} · <span className="mono">{session.ip || '–'}</span> · {ago(session.last_seen_at)}
                </span>
                <button type="button" className="btn" disabled={end.isPending} onClick={() => void withErrorToast(() => end.mutateAsync(session.id))}>
                  End
                </button>
              </div>
            ))}
            <footer>
              <button
                type="button"
                className="btn danger"
                disabled={items.length === 0}
                onClick={() => {
                  onEndAll()
                  onClose()
                }}
              >
                End all
              </button>
            </footer>
          </>
        )}
      </Loaded>
    </Dialog>
  )
}

function UserActions({ user }: { user: UserDetail }) {
  const [open, setOpen] = useState<'email' | 'factor' | 'sessions' | 'deactivate' | null>(null)
  const change = useChangeUser()
  const set = (wanted: UserChange) => () => change.mutateAsync({ user: user.id, change: wanted })
  const reset = useResetLink()
  const end = useEndSessions()
  const remove = useRemoveSecondFactor()
  const endSessions = async () => {
    const { ended } = await end.mutateAsync(user.id)
    toast.success(`${ended} sessions have ended`)
  }
  return (
    <>
      <Menu
        align="end"
        trigger={
          <button type="button" className="btn" aria-label={`Actions for ${user.email}`}>
            <Ellipsis className="i" aria-hidden="true" />
          </button>
        }
      >
        <MenuItem onSelect={() => void withErrorToast(() => reset.mutateAsync(user.id))}>Make a reset link</MenuItem>
        <MenuItem onSelect={() => setOpen('email')}>Change the address</MenuItem>
        <MenuItem onSelect={() => setOpen('sessions')}>Sessions</MenuItem>
        {user.has_second_factor && <MenuItem onSelect={() => setOpen('factor')}>Turn off the second factor</MenuItem>}
        <MenuItem onSelect={() => void withErrorToast(set({ is_admin: !user.is_admin }))}>{user.is_admin ? 'No longer an administrator' : 'Make administrator'}</MenuItem>
        <MenuSeparator />
        {user.deactivated_at ? (
          <MenuItem onSelect={() => void withErrorToast(set({ active: true }))}>Activate</MenuItem>
        ) : (
          <MenuItem danger onSelect={() => setOpen('deactivate')}>
            Deactivate
          </MenuItem>
        )}
      </Menu>
      {reset.data && <LinkOnce link={reset.data} onClose={() => reset.reset()} />}
      {open === 'sessions' && <SessionsDialog user={user} onEndAll={() => void withErrorToast(endSessions)} onClose={() => setOpen(null)} />}
      <ConfirmDialog
        title={`Deactivate ${user.email}?`}
        text="All sessions end and API keys stop working at once, until you activate the account again."
        action="Deactivate"
        open={open === 'deactivate'}
        onOpenChange={(next) => setOpen(next ? 'deactivate' : null)}
        onConfirm={set({ active: false })}
      />
      {open === 'email' && <EmailDialog user={user} onClose={() => setOpen(null)} />}
      <ConfirmDialog
        title={`Turn off the second factor of ${user.email}?`}
        text="Do this only for who has lost device and recovery codes. The password alone will be enough to sign in."
        action="Turn off"
        open={open === 'factor'}
        onOpenChange={(next) => setOpen(next ? 'factor' : null)}
        onConfirm={() => remove.mutateAsync(user.id)}
      />
    </>
  )
}

function status(user: UserDetail): string {
  return user.deletion_at ? `deleted on ${day(user.deletion_at)}` : 'deactivated'
}

function UserRow({ user }: { user: UserDetail }) {
  return (
    <tr>
      <td>
        {user.name} {user.is_admin && <span className="chip">administrator</span>} {user.deactivated_at && <span className="chip warn">{status(user)}</span>}
      </td>
      <td>{user.email}</td>
      <td>{day(user.created_at)}</td>
      <td>{user.last_seen_at ? ago(user.last_seen_at) : 'never'}</td>
      <td>{user.has_second_factor ? 'On' : 'Off'}</td>
      <td className="num">
        <UserActions user={user} />
      </td>
    </tr>
  )
}

export function UsersPage() {
  const [search, setSearch] = useState('')
  const users = useQuery(usersQuery(search.trim()))
  return (
    <PageFrame title="Accounts">
      <TextField label="Search" placeholder="Name or address" value={search} onChange={(event) => setSearch(event.target.value)} />
      <Panel title="Accounts of this instance">
        <Loaded query={users}>
          {(items) => (
            <TableScroll label="Accounts">
              <table className="table tall">
                <TableHead columns={COLUMNS} />
                <tbody>
                  {items.map((user) => (
                    <UserRow key={user.id} user={user} />
                  ))}
                </tbody>
              </table>
            </TableScroll>
          )}
        </Loaded>
      </Panel>
    </PageFrame>
  )
}
