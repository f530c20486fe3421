// Owns the members of an organization: list, role, invite, remove, the demand of a second factor.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Switch } from 'radix-ui'
import { useState } from 'react'
import type { Member, Organization, Role } from '@/api/types'
import { SelectField } from '@/components/field'
import { PageFrame, Panel, TableScroll } from '@/components/page'
import { Loaded } from '@/components/states'
import { ConfirmDialog } from '@/components/ui/dialog'
import { withErrorToast } from '@/lib/download'
import { words } from '@/lib/format'
import { meQuery, membersQuery, useChangeRole, useDemandSecondFactor, useRemoveMember } from './api'
import { InvitationsPanel } from './invitations-panel'
import { InviteForm } from './invite-form'
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
      <td>
        {member.email} {member.has_second_factor === false && <span className="chip">no second factor</span>}
      </td>
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

function DemandSwitch({ organization }: { organization: Organization }) {
  const demand = useDemandSecondFactor(organization.id)
  return (
    <Panel title="Second factor">
      <div className="row p-4">
        <div className="grow">
          <label htmlFor="demand-second-factor" className="font-medium">
            Demand a second factor
          </label>
          <p className="dim">Members without one can do nothing in this organization until they turn it on.</p>
        </div>
        <Switch.Root
          id="demand-second-factor"
          className="switch"
          checked={organization.requires_second_factor}
          disabled={demand.isPending}
          onCheckedChange={(on) => void withErrorToast(() => demand.mutateAsync(on))}
        >
          <Switch.Thumb />
        </Switch.Root>
      </div>
    </Panel>
  )
}

function MembersOf({ organization }: { organization: Organization }) {
  const members = useQuery(membersQuery(organization.id))
  const me = useQuery(meQuery()).data?.user.id
  const editable = organization.role === 'owner' || organization.role === 'admin'
  return (
    <>
      {editable && <InviteForm organization={organization.id} />}
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
      {editable && <InvitationsPanel organization={organization.id} />}
      {editable && <DemandSwitch organization={organization} />}
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
