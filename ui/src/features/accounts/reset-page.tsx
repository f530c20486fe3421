// Owns the pages of a lost password: asking for a mail, and the link that sets a new one.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { toast } from 'sonner'
import { TextField } from '@/components/field'
import { forgetToken, takeToken } from '@/lib/link-token'
import { asApiError } from '@/lib/problem'
import { instanceQuery, resetOfferQuery, useRequestReset, useResetPassword } from './api'
import { EntryCard } from './entry-card'
import { NewPasswordField } from './new-password-field'

const RESET = 'reset'

const BACK = (
  <p className="small dim">
    <Link to="/sign-in" className="link">
      Back to signing in
    </Link>
  </p>
)

export function RequestResetPage() {
  const instance = useQuery(instanceQuery()).data
  const request = useRequestReset()
  const subtitle = instance?.sends_mail === false ? 'This instance sends no mail. Ask its administrator for a link.' : 'You get a mail with a link, valid for an hour.'
  return (
    <EntryCard title="Set a new password" subtitle={subtitle} error={request.error} onSubmit={({ email = '' }) => request.mutate(email.trim())} below={BACK}>
      {request.isSuccess ? (
        <p role="status">If there is an account with this address, a mail is on its way.</p>
      ) : (
        <>
          <TextField label="Email" name="email" type="email" autoComplete="username" required autoFocus />
          <button type="submit" className="btn primary wide" disabled={request.isPending || !instance?.sends_mail}>
            Send the link
          </button>
        </>
      )}
    </EntryCard>
  )
}

/** Which API keys stay valid, and the choice to revoke them. */
function RemainingKeys({ token }: { token: string }) {
  const offer = useQuery({ ...resetOfferQuery(token), enabled: token !== '' }).data
  const names = offer?.api_keys.map(({ name }) => name) ?? []
  if (offer && names.length === 0) return null
  return (
    <>
      <label className="row">
        <input type="checkbox" name="end_keys" />
        Revoke all my API keys, too
      </label>
      {names.length > 0 && <p className="small">Otherwise these stay valid: {names.join(', ')}.</p>}
      <p className="small dim">They are credentials of programs. Revoke them if somebody may have had your account.</p>
    </>
  )
}

export function ResetPage() {
  const [token] = useState(() => takeToken(RESET))
  const reset = useResetPassword()
  const navigate = useNavigate()
  const fields = reset.error ? asApiError(reset.error).fields : {}
  const onSubmit = ({ password = '', end_keys }: Record<string, string>) =>
    reset.mutate(
      { token, password, end_keys: end_keys === 'on' },
      {
        onSuccess: () => {
          forgetToken(RESET)
          toast.success('Your password is changed, and all sessions have ended')
          void navigate({ to: '/sign-in' })
        },
      },
    )
  return (
    <EntryCard title="Set a new password" subtitle={window.location.host} error={reset.error} onSubmit={onSubmit} below={BACK}>
      <NewPasswordField label="New password" name="password" autoFocus more="All your sessions end." error={fields['password']} />
      <RemainingKeys token={token} />
      <button type="submit" className="btn primary wide" disabled={reset.isPending || !token}>
        Set password
      </button>
    </EntryCard>
  )
}
