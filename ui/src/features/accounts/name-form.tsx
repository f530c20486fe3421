// Owns the change of one's own name.
import { useState, type FormEvent } from 'react'
import { toast } from 'sonner'
import { TextField } from '@/components/field'
import { asApiError, errorText } from '@/lib/problem'
import { useRename } from './api'

export function NameForm({ name }: { name: string }) {
  const [value, setValue] = useState(name)
  const rename = useRename()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    rename.mutate(value.trim(), { onSuccess: () => toast.success('Your name is changed') })
  }
  const error = rename.error ? (asApiError(rename.error).fields['name'] ?? errorText(rename.error)) : undefined
  return (
    <form className="form-line p-4 pb-0" onSubmit={submit} aria-label="Change your name">
      <TextField label="Name" autoComplete="name" required maxLength={200} value={value} onChange={(event) => setValue(event.target.value)} error={error} />
      <button type="submit" className="btn" disabled={rename.isPending || !value.trim() || value.trim() === name}>
        Save
      </button>
    </form>
  )
}
