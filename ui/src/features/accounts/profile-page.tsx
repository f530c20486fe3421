// Owns the profile: who is signed in, where they are a member, and signing out.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { PageFrame, Panel } from '@/components/page'
import { Loaded } from '@/components/states'
import { day, words } from '@/lib/format'
import { meQuery, useSignOut } from './api'
import { EmailForm } from './email-form'
import { ExportPanel } from './export-panel'
import { LeavingPanel } from './leaving-panel'
import { NameForm } from './name-form'

export function ProfilePage() {
  const me = useQuery(meQuery())
  const signOut = useSignOut()
  return (
    <PageFrame
      title="Profile"
      narrow
      actions={
        <button type="button" className="btn" onClick={() => void signOut()}>
          Sign out
        </button>
      }
    >
      <Loaded query={me}>
        {({ user, organizations, has_password }) => (
          <>
            <Panel title="Account">
              <NameForm name={user.name} />
              <dl className="factlist">
                <dt>Email</dt>
                <dd>{user.email}</dd>
                <dt>Member since</dt>
                <dd>{day(user.created_at)}</dd>
                <dt>Instance</dt>
                <dd>{user.is_admin ? 'Admin' : 'User'}</dd>
              </dl>
              <EmailForm hasPassword={has_password} />
            </Panel>
            <Panel title="Organizations">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Your role</th>
                  </tr>
                </thead>
                <tbody>
                  {organizations.map((organization) => (
                    <tr key={organization.id}>
                      <td>
                        <Link className="link" to="/settings/members" search={{ organization: organization.id }}>
                          {organization.name}
                        </Link>
                      </td>
                      <td>{words(organization.role)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Panel>
            <ExportPanel />
            <LeavingPanel />
          </>
        )}
      </Loaded>
    </PageFrame>
  )
}
