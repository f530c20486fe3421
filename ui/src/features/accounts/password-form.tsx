// Owns the change of one's own password, and setting one where the account has none.
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { toast } from 'sonner'
import { TextField } from '@/components/field'
import { asApiError, errorText } from '@/lib/problem'
import { useChangePassword } from './api'
import { NewPasswordField } from './new-password-field'

export function PasswordForm({ hasPassword }: { hasPassword: boolean }) {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const queries = useQueryClient()
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
          void queries.invalidateQueries({ queryKey: ['me'] })
          toast.success(`Your password is ${hasPassword ? 'changed' : 'set'}, and all other sessions have ended`)
        },
      },
    )
  }
  const general = change.error && Object.keys(fields).length === 0 ? errorText(change.error) : undefined
  return (
    <form className="form-stack p-4" onSubmit={submit} aria-label={hasPassword ? 'Change your password' : 'Set a password'}>
      {hasPassword && (
        <TextField
          label="Current password"
          type="password"
          autoComplete="current-password"
          required
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
          error={fields['current'] ?? general}
        />
      )}
      <NewPasswordField
        label="New password"
        value={next}
        onChange={(event) => setNext(event.target.value)}
        more="All your other sessions will end."
        error={fields['new'] ?? (hasPassword ? undefined : general)}
      />
      <footer>
        <button type="submit" className="btn primary" disabled={change.isPending || (hasPassword && !current) || !next}>
          {hasPassword ? 'Change password' : 'Set password'}
        </button>
      </footer>
    </form>
  )
}
