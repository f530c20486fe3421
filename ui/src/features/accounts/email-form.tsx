// Owns the change of one's own address, which a mail confirms.
import { useState, type FormEvent } from 'react'
import { TextField } from '@/components/field'
import { asApiError, errorText } from '@/lib/problem'
import { useRequestEmail } from './api'

export function EmailForm({ hasPassword }: { hasPassword: boolean }) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const request = useRequestEmail()
  const fields = request.error ? asApiError(request.error).fields : {}
  const general = request.error && Object.keys(fields).length === 0 ? errorText(request.error) : undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    request.mutate({ email: email.trim(), password }, { onSuccess: () => setPassword('') })
  }
  return (
    <form className="form-line p-4 pt-0" onSubmit={submit} aria-label="Change your address">
      <TextField label="New address" type="email" autoComplete="email" required value={email} onChange={(event) => setEmail(event.target.value)} error={fields['email'] ?? general} />
      {hasPassword && (
        <TextField
          label="Password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={fields['password']}
        />
      )}
      <button type="submit" className="btn" disabled={request.isPending || !email.trim() || (hasPassword && !password)}>
        Send a link there
      </button>
      {request.isSuccess && <p role="status">Open the link in the mail to confirm the address.</p>}
    </form>
  )
}
