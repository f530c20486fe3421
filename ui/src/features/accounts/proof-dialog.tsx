// Owns the question for the password or a code, before what destroys or reveals.
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { asApiError } from '@/lib/problem'
import { onProofNeeded } from '@/lib/proof'
import { useProve } from './api'

/** Six digits, or a recovery code of four groups. */
const CODE = /^(\d{3} ?\d{3}|[a-z2-7]{4}(-[a-z2-7]{4}){3})$/i

export function ProofDialog() {
  const [open, setOpen] = useState(false)
  const [entered, setEntered] = useState('')
  const answer = useRef<(proven: boolean) => void>(undefined)
  const prove = useProve()
  useEffect(
    () =>
      onProofNeeded(() => {
        setOpen(true)
        return new Promise((resolve) => (answer.current = resolve))
      }),
    [],
  )
  const close = (proven: boolean) => {
    setOpen(false)
    setEntered('')
    prove.reset()
    answer.current?.(proven)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const text = entered.trim()
    prove.mutate(CODE.test(text) ? { code: text } : { password: entered }, { onSuccess: () => close(true) })
  }
  const failure = prove.error ? asApiError(prove.error) : null
  const field = failure?.fields['password'] ?? failure?.fields['code']
  return (
    <Dialog title="Confirm that it is you" description="This destroys or reveals something." open={open} onOpenChange={(next) => !next && close(false)}>
      <form className="form-stack" onSubmit={submit}>
        {failure && !field && <ErrorNote error={failure} />}
        <TextField
          label="Password or code"
          type="password"
          autoComplete="current-password"
          required
          autoFocus
          value={entered}
          onChange={(event) => setEntered(event.target.value)}
          note="Your password, or a code of your authenticator app."
          error={field}
        />
        <footer>
          <button type="submit" className="btn primary" disabled={prove.isPending || !entered}>
            Confirm
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
