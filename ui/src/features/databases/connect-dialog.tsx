// Owns connecting a database that runs elsewhere: a pasted URL, TLS, an SSH tunnel or a proxy, and a test.
import { useNavigate } from '@tanstack/react-router'
import { CircleCheck } from 'lucide-react'
import { useState, type FormEvent, type ReactNode } from 'react'
import type { Connection, ConnectionTest } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { bytes } from '@/lib/format'
import { asApiError } from '@/lib/problem'
import { testConnection, useConnectDatabase } from './api'

const TLS = [
  { value: '', label: 'From the URL (default: verify-full; prefer on loopback)' },
  { value: 'verify-full', label: 'Verify certificate and host name (verify-full)' },
  { value: 'verify-ca', label: 'Verify certificate only (verify-ca)' },
  { value: 'require', label: 'Encrypt without verifying (require)' },
  { value: 'off', label: 'Off' },
]

interface Draft {
  name: string
  url: string
  tls: string
  ca: string
  certificate: string
  key: string
  route: 'direct' | 'ssh' | 'socks5' | 'http'
  host: string
  user: string
  password: string
  privateKey: string
  passphrase: string
  hostKey: string
  readOnly: boolean
}

const EMPTY: Draft = {
  name: '', url: '', tls: '', ca: '', certificate: '', key: '', route: 'direct', host: '', user: '', password: '', privateKey: '', passphrase: '', hostKey: '', readOnly: false,
}

const orNull = (text: string) => text.trim() || null

function hostAndPort(text: string, standard: number): { host: string; port: number } {
  const at = text.lastIndexOf(':')
  const port = at > 0 ? Number(text.slice(at + 1)) : standard
  return at > 0 && Number.isInteger(port) ? { host: text.slice(0, at), port } : { host: text, port: standard }
}

function connectionOf(draft: Draft): Connection {
  const wantsTls = draft.tls || draft.ca || draft.certificate
  const common = { user: draft.user, password: orNull(draft.password) }
  return {
    url: draft.url.trim(),
    ...(wantsTls && { tls: { mode: (draft.tls || 'verify-full') as 'off', ca: orNull(draft.ca), certificate: orNull(draft.certificate), key: orNull(draft.key) } }),
    ...(draft.route === 'ssh' && {
      ssh: {
        ...common,
        ...hostAndPort(draft.host, 22),
        private_key: orNull(draft.privateKey),
        passphrase: orNull(draft.passphrase),
        host_key: orNull(draft.hostKey),
        use_agent: false,
      },
    }),
    ...((draft.route === 'socks5' || draft.route === 'http') && {
      proxy: { kind: draft.route, ...hostAndPort(draft.host, draft.route === 'http' ? 3128 : 1080), user: orNull(draft.user), password: orNull(draft.password) },
    }),
  } as Connection
}

function Area({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className="formrow">
      <span>{label}</span>
      <textarea className="area mono" rows={3} spellCheck={false} value={value} onChange={(event) => onChange(event.target.value)} placeholder="-----BEGIN …" />
    </label>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <details className="fold">
      <summary>{title}</summary>
      <div className="form-stack">{children}</div>
    </details>
  )
}

function TestNote({ test, onPin }: { test: ConnectionTest; onPin: (key: string) => void }) {
  if (test.ok && test.facts) {
    const { product, version, latency_ms, size_bytes, tls, warnings } = test.facts
    return (
      <div role="status" className="note">
        <CircleCheck className="i t-add" aria-hidden="true" />
        <div className="grow">
          <p>
            {product} {version}, {latency_ms.toFixed(1)} ms away{size_bytes === null ? '' : `, ${bytes(size_bytes)}`}, {tls ?? 'not encrypted'}.
          </p>
          {warnings.map((one) => (
            <p key={one} className="t-warn">
              {one}
            </p>
          ))}
        </div>
      </div>
    )
  }
  return (
    <div role="alert" className="note">
      <div className="grow">
        <p className="t-del">{test.error}</p>
        {test.hint && <p className="dim break-words">{test.hint}</p>}
      </div>
      {test.host_key && (
        <button type="button" className="btn" onClick={() => onPin(test.host_key ?? '')}>
          Pin this key
        </button>
      )}
    </div>
  )
}

function RouteFields({ draft, set }: { draft: Draft; set: (part: Partial<Draft>) => void }) {
  if (draft.route === 'direct') return null
  return (
    <>
      <TextField label={draft.route === 'ssh' ? 'SSH host (host:port)' : 'Proxy (host:port)'} value={draft.host} onChange={(event) => set({ host: event.target.value })} />
      <TextField label="User" value={draft.user} autoComplete="off" onChange={(event) => set({ user: event.target.value })} />
      <TextField label="Password" type="password" autoComplete="new-password" value={draft.password} onChange={(event) => set({ password: event.target.value })} />
      {draft.route === 'ssh' && (
        <>
          <Area label="Private key" value={draft.privateKey} onChange={(privateKey) => set({ privateKey })} />
          <TextField label="Key passphrase" type="password" autoComplete="new-password" value={draft.passphrase} onChange={(event) => set({ passphrase: event.target.value })} />
          <TextField label="Pinned host key" value={draft.hostKey} note="The test shows the key of the host. Compare it before you pin it." onChange={(event) => set({ hostKey: event.target.value })} />
        </>
      )}
    </>
  )
}

const ROUTES: readonly { value: Draft['route']; label: string }[] = [
  { value: 'direct', label: 'Direct' },
  { value: 'ssh', label: 'SSH tunnel' },
  { value: 'socks5', label: 'SOCKS5 proxy' },
  { value: 'http', label: 'HTTP proxy' },
]

interface FieldsProps {
  draft: Draft
  set: (part: Partial<Draft>) => void
}

function SecuritySections({ draft, set }: FieldsProps) {
  return (
    <>
      <Section title="Encryption (TLS)">
        <SelectField label="TLS" value={draft.tls} onChange={(tls) => set({ tls })} options={TLS} />
        <Area label="CA certificate (PEM)" value={draft.ca} onChange={(ca) => set({ ca })} />
        <Area label="Client certificate (PEM)" value={draft.certificate} onChange={(certificate) => set({ certificate })} />
        <Area label="Client key (PEM)" value={draft.key} onChange={(key) => set({ key })} />
      </Section>
      <Section title="SSH tunnel or proxy">
        <SelectField label="Route" value={draft.route} onChange={(route) => set({ route: route as Draft['route'] })} options={ROUTES} />
        <RouteFields draft={draft} set={set} />
      </Section>
      <label className="row">
        <input type="checkbox" checked={draft.readOnly} onChange={(event) => set({ readOnly: event.target.checked })} />
        Read-only
      </label>
    </>
  )
}

/** The test of a connection before it is stored. */
function useConnectionTest(project: string) {
  const [result, setResult] = useState<ConnectionTest | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [testing, setTesting] = useState(false)
  const run = async (draft: Draft) => {
    setTesting(true)
    setError(null)
    setResult(null)
    try {
      setResult(await testConnection(project, connectionOf(draft)))
    } catch (failure) {
      setError(failure)
    }
    setTesting(false)
  }
  return { result, error, testing, run, clearError: () => setError(null) }
}

export function ConnectDialog({ project, onClose }: { project: string; onClose: () => void }) {
  const [draft, setDraft] = useState(EMPTY)
  const test = useConnectionTest(project)
  const connect = useConnectDatabase(project)
  const navigate = useNavigate()
  const set = (part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part }))
  const error = connect.error ?? test.error
  const fields = error ? asApiError(error).fields : {}
  const submit = (event: FormEvent) => {
    event.preventDefault()
    test.clearError()
    connect.mutate(
      { name: draft.name.trim(), connection: connectionOf(draft), read_only: draft.readOnly, protected: false },
      {
        onSuccess: (database) => {
          onClose()
          void navigate({ to: '/p/$project/d/$database', params: { project, database: database.id } })
        },
      },
    )
  }
  return (
    <Dialog title="Connect a database" description="Your data stays where it is. Credentials are encrypted at rest." open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        {Boolean(error) && <ErrorNote error={error} />}
        <TextField label="Name" value={draft.name} autoFocus required autoComplete="off" onChange={(event) => set({ name: event.target.value })} error={fields['name']} />
        <TextField
          label="URL"
          value={draft.url}
          required
          autoComplete="off"
          spellCheck={false}
          placeholder="postgresql://user:password@host:5432/name"
          onChange={(event) => set({ url: event.target.value })}
          error={fields['host'] ?? fields['engine']}
        />
        <SecuritySections draft={draft} set={set} />
        {test.result && <TestNote test={test.result} onPin={(hostKey) => set({ hostKey })} />}
        <footer>
          <button type="button" className="btn" disabled={test.testing || !draft.url.trim()} onClick={() => void test.run(draft)}>
            {test.testing ? 'Testing…' : 'Test'}
          </button>
          <button type="submit" className="btn primary" disabled={connect.isPending || !draft.name.trim() || !draft.url.trim()}>
            {connect.isPending ? 'Connecting…' : 'Connect'}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
