// Owns the question for the password, a code, a passkey or a fresh sign-in at a provider, before what destroys or reveals.
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState, type FormEvent } from 'react'
import { TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { withErrorToast } from '@/lib/download'
import { asApiError } from '@/lib/problem'
import { onProofNeeded } from '@/lib/proof'
import { onProofElsewhere } from '@/lib/provider-flow'
import { meQuery, useProve } from './api'
import { PasskeyButton } from './passkey-button'
import { passkeyResult, passkeysQuery } from './passkeys-api'
import { identitiesQuery, providersQuery, startProof } from './providers-api'

/** Six digits, or a recovery code of four groups. */
const CODE = /^(\d{3} ?\d{3}|[a-z2-7]{4}(-[a-z2-7]{4}){3})$/i

/** Signs in again at a provider, in another window: this one keeps what was going to be done. */
function ProviderProofs() {
  const providers = useQuery(providersQuery()).data ?? []
  const linked = new Set((useQuery(identitiesQuery()).data ?? []).map((identity) => identity.provider))
  const confirm = async (provider: string) => {
    const opened = window.open('about:blank', '_blank', 'popup,width=520,height=680')
    const url = await startProof(provider).catch((error: unknown) => {
      opened?.close()
      throw error
    })
    if (opened) opened.location.href = url
  }
  return providers
    .filter((provider) => provider.fresh_sign_in && linked.has(provider.id))
    .map((provider) => (
      <button key={provider.id} type="button" className="btn" onClick={() => void withErrorToast(() => confirm(provider.id))}>
        Sign in again with {provider.name}
      </button>
    ))
}

function ProofForm({ onProven }: { onProven: () => void }) {
  const [entered, setEntered] = useState('')
  const hasPassword = useQuery(meQuery()).data?.has_password !== false
  const hasPasskeys = (useQuery(passkeysQuery()).data?.length ?? 0) > 0
  const [unused, setUnused] = useState<unknown>(null)
  const prove = useProve()
  useEffect(() => onProofElsewhere(onProven), [onProven])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const text = entered.trim()
    setUnused(null)
    prove.mutate(CODE.test(text) || !hasPassword ? { code: text } : { password: entered }, { onSuccess: onProven })
  }
  const error = unused ?? prove.error
  const failure = error ? asApiError(error) : null
  const field = failure?.fields['password'] ?? failure?.fields['code']
  return (
    <form className="form-stack" onSubmit={submit}>
      {failure && !field && <ErrorNote error={failure} />}
      <TextField
        label={hasPassword ? 'Password or code' : 'Code'}
        type={hasPassword ? 'password' : 'text'}
        autoComplete={hasPassword ? 'current-password' : 'one-time-code'}
        required
        autoFocus
        value={entered}
        onChange={(event) => setEntered(event.target.value)}
        note={hasPassword ? 'Your password, or a code of your authenticator app.' : 'A code of your authenticator app.'}
        error={field}
      />
      <footer>
        <ProviderProofs />
        {hasPasskeys && <PasskeyButton wide={false} busy={prove.isPending} onUse={() => void passkeyResult().then((passkey) => prove.mutate({ passkey }, { onSuccess: onProven }), setUnused)} />}
        <button type="submit" className="btn primary" disabled={prove.isPending || !entered}>
          Confirm
        </button>
      </footer>
    </form>
  )
}

export function ProofDialog() {
  const [open, setOpen] = useState(false)
  const answer = useRef<(proven: boolean) => void>(undefined)
  useEffect(
    () =>
      onProofNeeded(() => {
        setOpen(true)
        return new Promise((resolve) => (answer.current = resolve))
      }),
    [],
  )
  const close = useCallback((proven: boolean) => {
    setOpen(false)
    answer.current?.(proven)
  }, [])
  const onProven = useCallback(() => close(true), [close])
  return (
    <Dialog title="Confirm that it is you" description="What you are about to do takes a proof that you use this session." open={open} onOpenChange={(next) => !next && close(false)}>
      <ProofForm onProven={onProven} />
    </Dialog>
  )
}
