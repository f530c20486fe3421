// Owns adding a user who already has an account to an organization.
import { useState, type FormEvent } from 'react'
import { toast } from 'sonner'
import type { Role } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { asApiError, errorText } from '@/lib/problem'
import { useAddMember } from './api'
import { ROLE_OPTIONS } from './roles'

export function AddMemberForm({ organization }: { organization: string }) {
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('member')
  const add = useAddMember(organization)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate(
      { email: email.trim(), role },
      {
        onSuccess: (member) => {
          setEmail('')
          toast.success(`${member.name || member.email} is now a member`)
        },
      },
    )
  }
  const error = add.error ? (asApiError(add.error).fields['email'] ?? errorText(add.error)) : undefined
  return (
    <form className="form-line" onSubmit={submit} aria-label="Add a member">
      <TextField label="Email" type="email" value={email} required onChange={(event) => setEmail(event.target.value)} error={error} />
      <SelectField label="Role" value={role} options={ROLE_OPTIONS} onChange={(value) => setRole(value as Role)} />
      <button type="submit" className="btn primary" disabled={add.isPending || !email.trim()}>
        Add member
      </button>
    </form>
  )
}
