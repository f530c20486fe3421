// Owns the list of invitations to an organization, and revoking them.
import { useQuery } from '@tanstack/react-query'
import type { Invitation } from '@/api/types'
import { Panel, TableHead, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { withErrorToast } from '@/lib/download'
import { day, words } from '@/lib/format'
import { invitationsQuery, useRevokeInvitation } from './api'

const COLUMNS = [{ name: 'Email' }, { name: 'Role' }, { name: 'State' }, { name: 'Expires' }, { name: 'Action', unseen: true }]

function InvitationRow({ invitation, organization }: { invitation: Invitation; organization: string }) {
  const revoke = useRevokeInvitation(organization)
  return (
    <tr>
      <td>{invitation.email}</td>
      <td>{words(invitation.role)}</td>
      <td>{words(invitation.status)}</td>
      <td>{day(invitation.expires_at)}</td>
      <td className="num">
        {invitation.status === 'open' && (
          <button type="button" className="btn" disabled={revoke.isPending} onClick={() => void withErrorToast(() => revoke.mutateAsync(invitation.id))}>
            Revoke
          </button>
        )}
      </td>
    </tr>
  )
}

export function InvitationsPanel({ organization }: { organization: string }) {
  const invitations = useQuery(invitationsQuery(organization))
  return (
    <Panel title="Invitations">
      <Loaded query={invitations} rows={2}>
        {(items) =>
          items.length === 0 ? (
            <EmptyState text="Nobody has been invited yet." />
          ) : (
            <TableScroll label="Invitations">
              <table className="table tall">
                <TableHead columns={COLUMNS} />
                <tbody>
                  {items.map((item) => (
                    <InvitationRow key={item.id} invitation={item} organization={organization} />
                  ))}
                </tbody>
              </table>
            </TableScroll>
          )
        }
      </Loaded>
    </Panel>
  )
}
