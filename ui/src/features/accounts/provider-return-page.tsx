// Owns the page to which a provider leads back: it completes what was begun, once.
import { getRouteApi, Link, Navigate, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { toast } from 'sonner'
import { TextField } from '@/components/field'
import { SkeletonRows } from '@/components/states'
import { asApiError } from '@/lib/problem'
import { announceProof, purposeOf, takeAnswer, type ProviderAnswer } from '@/lib/provider-flow'
import { EntryCard, useGoOn } from './entry-card'
import { PasskeyButton } from './passkey-button'
import { useCompleteInSession, useCompleteSignIn, useSecondStep, useStartSignIn } from './providers-api'

const route = getRouteApi('/sign-in/$provider')

interface ReturnProps {
  provider: string
  answer: ProviderAnswer
}

/** Runs once, also where effects run twice: an answer is good once. */
function useOnce(run: () => void): void {
  const ran = useRef(false)
  useEffect(() => {
    if (ran.current) return
    ran.current = true
    run()
  })
}

const BACK = (
  <p className="small dim">
    <Link to="/sign-in" className="link">
      Back to signing in
    </Link>
  </p>
)

/** The account waits for its deletion: signing in there once more keeps it. */
function KeepAccount({ provider, error }: { provider: string; error: unknown }) {
  const start = useStartSignIn()
  if (!error || asApiError(error).code !== 'account_ending') return null
  return (
    <button type="button" className="btn primary wide" disabled={start.isPending} onClick={() => start.mutate({ provider, keep_account: true })}>
      Keep my account and sign in
    </button>
  )
}

function SignInReturn({ provider, answer }: ReturnProps) {
  const complete = useCompleteSignIn()
  const step = useSecondStep()
  const goOn = useGoOn(complete.data?.next)
  useOnce(() => complete.mutate({ provider, answer }))
  const isSignedIn = Boolean(complete.data?.session)
  useEffect(() => {
    if (isSignedIn) goOn()
  }, [isSignedIn, goOn])
  const fields = step.error ? asApiError(step.error).fields : {}
  return (
    <EntryCard
      title="Sign in to Headwater"
      subtitle={window.location.host}
      error={complete.error ?? step.error}
      onSubmit={({ code = '' }) => step.mutate(code.trim(), { onSuccess: goOn })}
      below={BACK}
    >
      {complete.data?.second_factor ? (
        <>
          <TextField label="Code" name="code" autoComplete="one-time-code" required autoFocus note="Of your authenticator app, or a recovery code." error={fields['code']} />
          <button type="submit" className="btn primary wide" disabled={step.isPending}>
            Sign in
          </button>
          <PasskeyButton busy={step.isPending} onUse={() => step.mutate(null, { onSuccess: goOn })} />
        </>
      ) : (
        !complete.error && <SkeletonRows rows={2} label="Signing in" />
      )}
      <KeepAccount provider={provider} error={complete.error ?? step.error} />
    </EntryCard>
  )
}

function SessionReturn({ provider, answer, purpose }: ReturnProps & { purpose: 'link' | 'proof' }) {
  const complete = useCompleteInSession()
  const navigate = useNavigate()
  const onSuccess = () => {
    if (purpose === 'proof') {
      announceProof()
      window.close()
      return
    }
    toast.success('Your identity is linked')
    void navigate({ to: '/settings/security', replace: true })
  }
  useOnce(() => complete.mutate({ provider, answer, purpose }, { onSuccess }))
  const back = (
    <p className="small dim">
      <Link to="/settings/security" className="link">
        Security
      </Link>
    </p>
  )
  return (
    <EntryCard title={purpose === 'link' ? 'Link an identity' : 'Confirm that it is you'} subtitle={window.location.host} error={complete.error} onSubmit={() => undefined} below={back}>
      {complete.isSuccess && <p role="status">{purpose === 'proof' ? 'You have confirmed it. You can close this window.' : 'Your identity is linked.'}</p>}
      {complete.isPending && <SkeletonRows rows={2} label="Confirming" />}
    </EntryCard>
  )
}

function Refused() {
  return (
    <EntryCard title="Sign in to Headwater" subtitle={window.location.host} error={new Error('The sign-in was cancelled or refused at the provider.')} onSubmit={() => undefined} below={BACK}>
      {null}
    </EntryCard>
  )
}

export function ProviderReturnPage() {
  const { provider } = route.useParams()
  const [answer] = useState(takeAnswer)
  const purpose = purposeOf(answer.state)
  // Some providers send an error without the state that it belongs to; nothing can be completed then.
  if (answer.state === '' && answer.error) return <Refused />
  // The page was opened again: what the provider has sent is gone, and good only once anyway.
  if (answer.state === '') return <Navigate to="/sign-in" replace />
  return purpose === 'sign_in' ? <SignInReturn provider={provider} answer={answer} /> : <SessionReturn provider={provider} answer={answer} purpose={purpose} />
}
