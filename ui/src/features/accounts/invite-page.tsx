// Owns the page of an invitation's link: what it offers, and accepting it with the invited address.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { InvitationOffer } from '@/api/types'
import { ErrorNote, Loaded } from '@/components/states'
import { day, words } from '@/lib/format'
import { forgetToken, takeToken } from '@/lib/link-token'
import { signedInUser } from '@/lib/session'
import { offerQuery, useAcceptInvitation, useSignOut } from './api'
import { EntryCard } from './entry-card'

export const INVITATION = 'invitation'

function Answer({ offer, email, busy }: { offer: InvitationOffer; email: string | undefined; busy: boolean }) {
  const signOut = useSignOut()
  if (email === offer.email) {
    return (
      <button type="submit" className="btn primary wide" disabled={busy}>
        Accept
      </button>
    )
  }
  if (email) {
    return (
      <>
        <p>You are signed in as {email}.</p>
        <button type="button" className="btn wide" onClick={() => void signOut()}>
          Sign out
        </button>
      </>
    )
  }
  return (
    <>
      <Link to="/sign-in" search={{ next: '/invite' }} className="btn primary wide">
        Sign in
      </Link>
      <Link to="/sign-up" search={{ next: '/' }} className="btn wide">
        Create an account
      </Link>
    </>
  )
}

export function InvitePage() {
  const [token] = useState(() => takeToken(INVITATION))
  const offer = useQuery(offerQuery(token))
  const accept = useAcceptInvitation()
  const navigate = useNavigate()
  const onSubmit = () =>
    accept.mutate(token, {
      onSuccess: ({ id }) => {
        forgetToken(INVITATION)
        void navigate({ to: '/settings/members', search: { organization: id } })
      },
    })
  return (
    <EntryCard title="Invitation" subtitle={window.location.host} error={accept.error} onSubmit={onSubmit}>
      {token === '' ? (
        <ErrorNote error={new Error('This link is not complete.')} />
      ) : (
        <Loaded query={offer} rows={2}>
          {(data) => (
            <>
              <p>
                {data.invited_by} invites {data.email} to {data.organization} as {words(data.role).toLowerCase()}. The invitation is valid until {day(data.expires_at)}.
              </p>
              <Answer offer={data} email={signedInUser()?.email} busy={accept.isPending} />
            </>
          )}
        </Loaded>
      )}
    </EntryCard>
  )
}
