// Owns the sign-in page.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, Navigate } from '@tanstack/react-router'
import { TextField } from '@/components/field'
import { asApiError } from '@/lib/problem'
import { instanceQuery, useSignIn } from './api'
import { EntryCard, useGoOn } from './entry-card'

const route = getRouteApi('/sign-in')

export function SignInPage() {
  const { next } = route.useSearch()
  const instance = useQuery(instanceQuery()).data
  const signIn = useSignIn()
  const goOn = useGoOn(next)
  const fields = signIn.error ? asApiError(signIn.error).fields : {}
  if (instance && !instance.has_users) return <Navigate to="/sign-up" replace />
  return (
    <EntryCard
      title="Sign in to Headwater"
      subtitle={window.location.host}
      error={signIn.error}
      onSubmit={({ email = '', password = '' }) => signIn.mutate({ email: email.trim(), password }, { onSuccess: goOn })}
      below={
        instance?.open_signup && (
          <p className="small dim">
            No account?{' '}
            <Link to="/sign-up" search={{ next }} className="link">
              Sign up
            </Link>
          </p>
        )
      }
    >
      <TextField label="Email" name="email" type="email" autoComplete="username" required autoFocus error={fields['email']} />
      <TextField label="Password" name="password" type="password" autoComplete="current-password" required error={fields['password']} />
      <button type="submit" className="btn primary wide" disabled={signIn.isPending}>
        Sign in
      </button>
    </EntryCard>
  )
}
