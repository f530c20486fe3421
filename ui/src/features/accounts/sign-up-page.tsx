// Owns the sign-up page; on a new instance the first account becomes its admin.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { TextField } from '@/components/field'
import { forgetToken, takeToken } from '@/lib/link-token'
import { asApiError } from '@/lib/problem'
import { instanceQuery, offerQuery, useSignUp } from './api'
import { EntryCard, useGoOn } from './entry-card'
import { INVITATION } from './invite-page'
import { NewPasswordField } from './new-password-field'
import { ProviderButtons } from './provider-buttons'

const route = getRouteApi('/sign-up')

function subtitleFor(instance: { has_users: boolean; open_signup: boolean } | undefined): string {
  if (!instance) return window.location.host
  if (!instance.has_users) return 'The first account becomes the admin of this instance.'
  return instance.open_signup ? window.location.host : 'Sign-up is closed here. Ask the admin for an account.'
}

/** The same for an address that has an account: the mail says so, and nobody else learns it. */
function CheckMail() {
  return (
    <EntryCard title="Check your mail" subtitle={window.location.host} error={null} onSubmit={() => undefined}>
      <p role="status">A mail is on its way. Open its link within a day to confirm your address.</p>
      <p className="small dim">Nothing there? Look into the spam folder, or sign up again in a few minutes.</p>
    </EntryCard>
  )
}

export function SignUpPage() {
  const [invitation] = useState(() => takeToken(INVITATION))
  const offer = useQuery(offerQuery(invitation)).data
  const { next } = route.useSearch()
  const instance = useQuery(instanceQuery()).data
  const signUp = useSignUp()
  const goOn = useGoOn(next)
  const fields = signUp.error ? asApiError(signUp.error).fields : {}
  if (signUp.data === null) return <CheckMail />
  return (
    <EntryCard
      title="Create your account"
      subtitle={offer ? `You are invited to ${offer.organization}.` : subtitleFor(instance)}
      error={signUp.error}
      onSubmit={({ name = '', email = '', password = '' }) =>
        signUp.mutate(
          { name: name.trim(), email: email.trim(), password, invitation: offer ? invitation : '' },
          {
            onSuccess: (session) => {
              forgetToken(INVITATION)
              if (session) goOn()
            },
          },
        )
      }
      below={
        instance?.has_users !== false && (
          <p className="small dim">
            Have an account?{' '}
            <Link to="/sign-in" search={{ next }} className="link">
              Sign in
            </Link>
          </p>
        )
      }
    >
      <TextField label="Name" name="name" autoComplete="name" required autoFocus error={fields['name']} />
      <TextField key={offer?.email} label="Email" name="email" type="email" autoComplete="username" required defaultValue={offer?.email} readOnly={offer !== undefined} error={fields['email']} />
      <NewPasswordField label="Password" name="password" error={fields['password']} />
      <button type="submit" className="btn primary wide" disabled={signUp.isPending}>
        Create account
      </button>
      <ProviderButtons next={next} invitation={offer ? invitation : ''} />
    </EntryCard>
  )
}
