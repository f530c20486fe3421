// Owns the change of one's own password.
import { useState, type FormEvent } from 'react'
import { toast } from 'sonner'
import { TextField } from '@/components/field'
import { asApiError, errorText } from '@/lib/problem'
import { useChangePassword } from './api'
import { NewPasswordField } from './new-password-field'

export function PasswordForm() {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const change = useChangePassword()
  const fields = change.error ? asApiError(change.error).fields : {}
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate(
      { current, new: next },
      {
        onSuccess: () => {
          setCurrent('')
          setNext('')
          toast.success('Your password is changed, and all other sessions have ended')
        },
      },
    )
  }
  const general = change.error && Object.keys(fields).length === 0 ? errorText(change.error) : undefined
  return (
    <form className="form-stack p-4" onSubmit={submit} aria-label="Change your password">
      <TextField
        label="Current password"
        type="password"
        autoComplete="current-password"
        required
        value={current}
        onChange={(event) => setCurrent(event.target.value)}
        error={fields['current'] ?? general}
      />
      <NewPasswordField label="New password" value={next} onChange={(event) => setNext(event.target.value)} more="All your other sessions will end." error={fields['new']} />
      <footer>
        <button type="submit" className="btn primary" disabled={change.isPending || !current || !next}>
          Change password
        </button>
      </footer>
    </form>
  )
}
