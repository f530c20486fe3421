// Owns the members of an organization: list, role, add an existing user, remove.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import type { Member, Organization, Role } from '@/api/types'
import { SelectField } from '@/components/field'
import { PageFrame, Panel, TableScroll } from '@/components/page'
import { Loaded } from '@/components/states'
import { ConfirmDialog } from '@/components/ui/dialog'
import { withErrorToast } from '@/lib/download'
import { words } from '@/lib/format'
import { AddMemberForm } from './add-member-form'
import { meQuery, membersQuery, useChangeRole, useRemoveMember } from './api'
import { OrganizationPicker } from './organization-picker'
import { ROLE_OPTIONS } from './roles'

const route = getRouteApi('/shell/settings/members')

interface MemberRowProps {
  member: Member
  organization: string
  editable: boolean
  self: boolean
}

function MemberRow({ member, organization, editable, self }: MemberRowProps) {
  const [asking, setAsking] = useState(false)
  const change = useChangeRole(organization)
  const remove = useRemoveMember(organization)
  return (
    <tr>
      <td>
        {member.name} {self && <span className="chip">you</span>}
      </td>
      <td>{member.email}</td>
      <td>
        {editable && !self ? (
          <SelectField
            label={`Role of ${member.name}`}
            hideLabel
            value={member.role}
            disabled={change.isPending}
            options={ROLE_OPTIONS}
            onChange={(role) => void withErrorToast(() => change.mutateAsync({ user_id: member.user_id, role: role as Role }))}
          />
        ) : (
          words(member.role)
        )}
      </td>
      <td className="num">
        {editable && !self && (
          <button type="button" className="btn" onClick={() => setAsking(true)}>
            Remove
          </button>
        )}
        <ConfirmDialog
          title={`Remove ${member.name}?`}
          text="They lose access to every project of this organization. Their account stays."
          action="Remove member"
          open={asking}
          onOpenChange={setAsking}
          onConfirm={() => remove.mutateAsync(member.user_id)}
        />
      </td>
    </tr>
  )
}

function MembersOf({ organization }: { organization: Organization }) {
  const members = useQuery(membersQuery(organization.id))
  const me = useQuery(meQuery()).data?.user.id
  const editable = organization.role === 'owner' || organization.role === 'admin'
  return (
    <>
      {editable && <AddMemberForm organization={organization.id} />}
      <Panel title={organization.name} aside={`Your role: ${organization.role}`}>
        <Loaded query={members} rows={3}>
          {(items) => (
            <TableScroll label="Members">
              <table className="table tall">
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Email</th>
                    <th scope="col">Role</th>
                    <th scope="col">
                      <span className="sr">Action</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((member) => (
                    <MemberRow key={member.user_id} member={member} organization={organization.id} editable={editable} self={member.user_id === me} />
                  ))}
                </tbody>
              </table>
            </TableScroll>
          )}
        </Loaded>
      </Panel>
    </>
  )
}

export function MembersPage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <PageFrame title="Members">
      <OrganizationPicker chosen={search.organization} onChoose={(organization) => void navigate({ search: { organization } })}>
        {(organization) => <MembersOf key={organization.id} organization={organization} />}
      </OrganizationPicker>
    </PageFrame>
  )
}
