// Owns the sign-in page.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, Navigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import type { PasskeyResult } from '@/api/types'
import { TextField } from '@/components/field'
import { asApiError } from '@/lib/problem'
import { instanceQuery, useSignIn } from './api'
import { EntryCard, useGoOn } from './entry-card'
import { PasskeyButton } from './passkey-button'
import { passkeyResult, usePasskeySignIn } from './passkeys-api'
import { ProviderButtons } from './provider-buttons'

const route = getRouteApi('/sign-in')

function Below({ next, isOpen }: { next: string | undefined; isOpen: boolean | undefined }) {
  return (
    <p className="small dim">
      {isOpen && (
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
  )
}

/** The account waits for its deletion: signing in once more keeps it. */
const hasEnded = (error: unknown) => Boolean(error) && asApiError(error).code === 'account_ending'

export function SignInPage() {
  const { next } = route.useSearch()
  const instance = useQuery(instanceQuery()).data
  const signIn = useSignIn()
  const withPasskey = usePasskeySignIn()
  const goOn = useGoOn(next)
  const [unused, setUnused] = useState<unknown>(null)
  const entered = useRef<Record<string, string>>({})
  const fields = signIn.error ? asApiError(signIn.error).fields : {}
  // Once the server has asked, the field stays: a wrong code is asked for again.
  const [asksCode, setAsksCode] = useState(false)
  if (!asksCode && signIn.error && asApiError(signIn.error).code === 'second_factor') setAsksCode(true)
  const isEnding = hasEnded(signIn.error)
  const keepsByPasskey = hasEnded(withPasskey.error)
  if (instance && !instance.has_users) return <Navigate to="/sign-up" replace />
  const send = (values: Record<string, string>, passkey?: PasskeyResult) => {
    const { email = '', password = '', code = '' } = values
    setUnused(null)
    entered.current = values
    signIn.mutate({ email: email.trim(), password, code: code.trim(), passkey, keep_account: isEnding }, { onSuccess: goOn })
  }
  /** The password was right: the passkey goes with it, or signs in alone where no password was entered. */
  const use = () => (asksCode ? void passkeyResult().then((result) => send({ ...entered.current, code: '' }, result), setUnused) : withPasskey.mutate(keepsByPasskey, { onSuccess: goOn }))
  return (
    <EntryCard
      title="Sign in to Headwater"
      subtitle={window.location.host}
      error={unused ?? withPasskey.error ?? signIn.error}
      onSubmit={(values) => {
        withPasskey.reset()
        send(values)
      }}
      below={<Below next={next} isOpen={instance?.open_signup} />}
    >
      <TextField label="Email" name="email" type="email" autoComplete="username webauthn" required autoFocus error={fields['email']} />
      <TextField label="Password" name="password" type="password" autoComplete="current-password" required error={fields['password']} />
      {asksCode && (
        <TextField label="Code" name="code" autoComplete="one-time-code" required autoFocus note="Of your authenticator app, or a recovery code." error={fields['code']} />
      )}
      <button type="submit" className="btn primary wide" disabled={signIn.isPending}>
        {isEnding ? 'Keep my account and sign in' : 'Sign in'}
      </button>
      <PasskeyButton busy={signIn.isPending || withPasskey.isPending} onUse={use} label={keepsByPasskey ? 'Keep my account, with a passkey' : asksCode ? 'Use a passkey' : 'Continue with a passkey'} />
      {!asksCode && <ProviderButtons next={next} />}
    </EntryCard>
  )
}
