// Owns the page of the link that confirms a sign-up: the password shows that the same person opens it.
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { TextField } from '@/components/field'
import { forgetToken, takeToken } from '@/lib/link-token'
import { asApiError } from '@/lib/problem'
import { useConfirmSignUp } from './api'
import { EntryCard } from './entry-card'

const SIGN_UP = 'sign-up'

export function ConfirmSignUpPage() {
  const [token] = useState(() => takeToken(SIGN_UP))
  const confirm = useConfirmSignUp()
  const navigate = useNavigate()
  const fields = confirm.error ? asApiError(confirm.error).fields : {}
  const onSubmit = ({ password = '' }: Record<string, string>) =>
    confirm.mutate(
      { token, password },
      {
        onSuccess: () => {
          forgetToken(SIGN_UP)
          void navigate({ to: '/', replace: true })
        },
      },
    )
  return (
    <EntryCard title="Confirm your address" subtitle="Then your account is ready." error={confirm.error} onSubmit={onSubmit}>
      <TextField
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        autoFocus
        note="The one that you chose when you signed up."
        error={fields['password']}
      />
      <button type="submit" className="btn primary wide" disabled={confirm.isPending || !token}>
        Confirm and sign in
      </button>
    </EntryCard>
  )
}
