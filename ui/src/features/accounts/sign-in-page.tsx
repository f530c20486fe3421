// Owns the sign-in page.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, Navigate } from '@tanstack/react-router'
import { useState } from 'react'
import { TextField } from '@/components/field'
import { asApiError } from '@/lib/problem'
import { instanceQuery, useSignIn } from './api'
import { EntryCard, useGoOn } from './entry-card'
import { ProviderButtons } from './provider-buttons'

const route = getRouteApi('/sign-in')

export function SignInPage() {
  const { next } = route.useSearch()
  const instance = useQuery(instanceQuery()).data
  const signIn = useSignIn()
  const goOn = useGoOn(next)
  const fields = signIn.error ? asApiError(signIn.error).fields : {}
  // Once the server has asked, the field stays: a wrong code is asked for again.
  const [asksCode, setAsksCode] = useState(false)
  if (!asksCode && signIn.error && asApiError(signIn.error).code === 'second_factor') setAsksCode(true)
  if (instance && !instance.has_users) return <Navigate to="/sign-up" replace />
  return (
    <EntryCard
      title="Sign in to Headwater"
      subtitle={window.location.host}
      error={signIn.error}
      onSubmit={({ email = '', password = '', code = '' }) => signIn.mutate({ email: email.trim(), password, code: code.trim() }, { onSuccess: goOn })}
      below={
        <p className="small dim">
          {instance?.open_signup && (
            <>
              No account?{' '}
              <Link to="/sign-up" search={{ next }} className="link">
                Sign up
              </Link>{' '}
              ·{' '}
            </>
          )}
          <Link to="/reset-request" className="link">
            Forgot your password?
          </Link>
        </p>
      }
    >
      <TextField label="Email" name="email" type="email" autoComplete="username" required autoFocus error={fields['email']} />
      <TextField label="Password" name="password" type="password" autoComplete="current-password" required error={fields['password']} />
      {asksCode && (
        <TextField label="Code" name="code" autoComplete="one-time-code" required autoFocus note="Of your authenticator app, or a recovery code." error={fields['code']} />
      )}
      <button type="submit" className="btn primary wide" disabled={signIn.isPending}>
        Sign in
      </button>
      <ProviderButtons next={next} />
    </EntryCard>
  )
}
