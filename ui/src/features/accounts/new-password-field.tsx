// Owns the field of a new password: the rules are visible before anything is typed.
import { useQuery } from '@tanstack/react-query'
import type { InputHTMLAttributes } from 'react'
import { TextField } from '@/components/field'
import { instanceQuery } from './api'

interface NewPasswordFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string
  error?: string
  /** What else there is to know, after the rules. */
  more?: string
}

export function NewPasswordField({ more, ...field }: NewPasswordFieldProps) {
  const rules = useQuery(instanceQuery()).data?.password_rules ?? []
  return <TextField type="password" autoComplete="new-password" required note={[...rules, more].filter(Boolean).join(' ')} {...field} />
}
