// Owns making an API key; its secret is shown once, here.
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { Scope } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { asApiError } from '@/lib/problem'
import { databaseChoicesQuery, projectChoicesQuery, useCreateKey } from './api'
import { SecretOnce } from './secret-once'

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

/** What a new key may reach: everything, a project, or a database of it. */
function useReach() {
  const [project, setProject] = useState('')
  const [database, setDatabase] = useState('')
  const projects = useQuery(projectChoicesQuery()).data ?? []
  const databases = useQuery(databaseChoicesQuery(project)).data ?? []
  const chooseProject = (id: string) => {
    setProject(id)
    setDatabase('')
  }
  return { project, database, projects, databases, chooseProject, setDatabase }
}

function ReachFields({ reach }: { reach: ReturnType<typeof useReach> }) {
  const options = (all: string, items: readonly { id: string; name: string }[]) => [{ value: '', label: all }, ...items.map(({ id, name }) => ({ value: id, label: name }))]
  return (
    <>
      <SelectField label="Reaches" value={reach.project} onChange={reach.chooseProject} options={options('Everything that you reach', reach.projects)} />
      {reach.project && <SelectField label="In this project" value={reach.database} onChange={reach.setDatabase} options={options('All of it', reach.databases)} />}
    </>
  )
}

function KeyForm({ create }: { create: ReturnType<typeof useCreateKey> }) {
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<Scope[]>(['read'])
  const [lifetime, setLifetime] = useState<string>('90')
  const [addresses, setAddresses] = useState('')
  const reach = useReach()
  const failure = create.error ? asApiError(create.error) : null
  const toggle = (scope: Scope) => setScopes((now) => (now.includes(scope) ? now.filter((one) => one !== scope) : [...now, scope]))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate({
      body: {
        name: name.trim(),
        scopes,
        expires_in_days: lifetime ? Number(lifetime) : null,
        project_id: reach.project || null,
        addresses: addresses.split(/[\s,]+/).filter(Boolean),
      },
      database: reach.database,
    })
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
      <ReachFields reach={reach} />
      <SelectField label="Expires" value={lifetime} onChange={setLifetime} options={LIFETIMES} />
      <TextField
        label="Valid at (optional)"
        value={addresses}
        onChange={(event) => setAddresses(event.target.value)}
        placeholder="203.0.113.0/24, 2001:db8::/48"
        note="Addresses or networks, separated by commas. Empty: anywhere."
        error={failure?.fields['addresses']}
      />
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
