// Owns the page of the link that confirms a new address; it asks once, since mail programs open links by themselves.
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { forgetToken, takeToken } from '@/lib/link-token'
import { useConfirmEmail } from './api'
import { EntryCard } from './entry-card'

const EMAIL = 'email'

export function ConfirmEmailPage() {
  const [token] = useState(() => takeToken(EMAIL))
  const confirm = useConfirmEmail()
  return (
    <EntryCard
      title="Confirm your address"
      subtitle="All your sessions will end."
      error={confirm.error}
      onSubmit={() => confirm.mutate(token, { onSuccess: () => forgetToken(EMAIL) })}
    >
      {confirm.data ? (
        <>
          <p role="status">Your address is now {confirm.data.email}.</p>
          <Link to="/sign-in" className="btn primary wide">
            Sign in
          </Link>
        </>
      ) : (
        <button type="submit" className="btn primary wide" disabled={confirm.isPending || !token}>
          Confirm
        </button>
      )}
    </EntryCard>
  )
}
