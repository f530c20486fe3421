// Owns making an API key; its secret is shown once, here.
import { Copy } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import type { Scope } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { copyText } from '@/lib/download'
import { asApiError } from '@/lib/problem'
import { useCreateKey } from './api'

const SCOPES: readonly { scope: Scope; label: string }[] = [
  { scope: 'read', label: 'Read' },
  { scope: 'write', label: 'Write' },
  { scope: 'admin', label: 'Admin' },
]

const LIFETIMES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'One year' },
  { value: '', label: 'Never' },
] as const

function SecretOnce({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <>
      <p>Copy the key now. It is not shown again.</p>
      <div className="secret">
        <code className="grow">{secret}</code>
        <button type="button" className="btn" onClick={() => void copyText(secret, 'Key')}>
          <Copy className="i" aria-hidden="true" />
          Copy
        </button>
      </div>
      <footer>
        <button type="button" className="btn primary" onClick={onClose}>
          I have copied it
        </button>
      </footer>
    </>
  )
}

function KeyForm({ create }: { create: ReturnType<typeof useCreateKey> }) {
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<Scope[]>(['read'])
  const [lifetime, setLifetime] = useState<string>('90')
  const failure = create.error ? asApiError(create.error) : null
  const toggle = (scope: Scope) => setScopes((now) => (now.includes(scope) ? now.filter((one) => one !== scope) : [...now, scope]))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate({ name: name.trim(), scopes, expires_in_days: lifetime ? Number(lifetime) : null })
  }
  return (
    <form className="form-stack" onSubmit={submit}>
      {failure && Object.keys(failure.fields).length === 0 && <ErrorNote error={failure} />}
      <TextField label="Name" value={name} onChange={(event) => setName(event.target.value)} placeholder="Nightly pipeline" required autoFocus error={failure?.fields['name']} />
      <fieldset>
        <legend className="font-medium">Scopes</legend>
        <div className="checkrow">
          {SCOPES.map(({ scope, label }) => (
            <label key={scope}>
              <input type="checkbox" checked={scopes.includes(scope)} onChange={() => toggle(scope)} />
              {label}
            </label>
          ))}
        </div>
      </fieldset>
      <SelectField label="Expires" value={lifetime} onChange={setLifetime} options={LIFETIMES} />
      <footer>
        <button type="submit" className="btn primary" disabled={create.isPending || !name.trim() || scopes.length === 0}>
          Create key
        </button>
      </footer>
    </form>
  )
}

export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const create = useCreateKey()
  return (
    <Dialog title="New API key" open onOpenChange={(open) => !open && onClose()}>
      {create.data ? <SecretOnce secret={create.data.secret} onClose={onClose} /> : <KeyForm create={create} />}
    </Dialog>
  )
}
