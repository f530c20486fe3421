// Owns the security of one's account: password, second factor, signed-in sessions and revoking them.
import { useQuery } from '@tanstack/react-query'
import { PageFrame, Panel, TableScroll } from '@/components/page'
import { Loaded } from '@/components/states'
import type { SignInSession } from '@/api/types'
import { withErrorToast } from '@/lib/download'
import { ago, day } from '@/lib/format'
import { meQuery, sessionsQuery, useRevokeOtherSessions, useRevokeSession } from './api'
import { IdentitiesPanel } from './identities-panel'
import { PasskeysPanel } from './passkeys-panel'
import { PasswordForm } from './password-form'
import { SecondFactorPanel } from './second-factor-panel'

function SessionRow({ session }: { session: SignInSession }) {
  const revoke = useRevokeSession()
  return (
    <tr>
      <td>
        <span title={session.user_agent}>{session.device}</span> {session.current && <span className="chip add">this device</span>}
      </td>
      <td className="mono">{session.ip ?? '–'}</td>
      <td>{ago(session.last_seen_at)}</td>
      <td>{day(session.expires_at)}</td>
      <td className="num">
        {!session.current && (
          <button type="button" className="btn" disabled={revoke.isPending} onClick={() => void withErrorToast(() => revoke.mutateAsync(session.id))}>
            Revoke
          </button>
        )}
      </td>
    </tr>
  )
}

function RevokeOthers() {
  const revoke = useRevokeOtherSessions()
  return (
    <button type="button" className="btn" disabled={revoke.isPending} onClick={() => void withErrorToast(() => revoke.mutateAsync(undefined))}>
      Sign out all other devices
    </button>
  )
}

export function SecurityPage() {
  const sessions = useQuery(sessionsQuery())
  const me = useQuery(meQuery())
  return (
    <PageFrame title="Security" actions={(sessions.data?.length ?? 0) > 1 && <RevokeOthers />}>
      <Panel title="Password">
        <Loaded query={me} rows={2}>
          {({ has_password }) => <PasswordForm hasPassword={has_password} />}
        </Loaded>
      </Panel>
      <PasskeysPanel />
      <IdentitiesPanel />
      <SecondFactorPanel />
      <Panel title="Sessions" aside="Revoke signs that device out">
        <Loaded query={sessions} rows={3}>
          {(items) => (
            <TableScroll label="Sessions">
              <table className="table tall">
                <thead>
                  <tr>
                    <th scope="col">Device</th>
                    <th scope="col">IP address</th>
                    <th scope="col">Last seen</th>
                    <th scope="col">Expires</th>
                    <th scope="col">
                      <span className="sr">Action</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((session) => (
                    <SessionRow key={session.id} session={session} />
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
