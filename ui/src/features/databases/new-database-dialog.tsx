// Owns creating a database: its name, engine and the engine's own options, drawn from their one declaration.
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import type { Engine } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { asApiError } from '@/lib/problem'
import { enginesQuery, useCreateDatabase } from './api'

const SLEEP = [
  { value: '60', label: '1 minute' },
  { value: '300', label: '5 minutes' },
  { value: '3600', label: '1 hour' },
  { value: '0', label: 'Never' },
]

type Options = Engine['provision_options']

function OptionFields({ options, values, onChange }: { options: Options; values: Record<string, string>; onChange: (name: string, value: string) => void }) {
  return options.map((option) =>
    option.kind === 'choice' ? (
      <SelectField
        key={option.name}
        label={option.label}
        value={values[option.name] ?? option.default}
        onChange={(value) => onChange(option.name, value)}
        options={option.choices.map((choice) => ({ value: choice, label: choice }))}
      />
    ) : (
      <TextField key={option.name} label={option.label} note={option.help} value={values[option.name] ?? option.default} onChange={(event) => onChange(option.name, event.target.value)} />
    ),
  )
}

export function NewDatabaseDialog({ project, onClose }: { project: string; onClose: () => void }) {
  const [name, setName] = useState('')
  const [picked, setPicked] = useState<string | null>(null)
  const [sleep, setSleep] = useState('300')
  const [options, setOptions] = useState<Record<string, string>>({})
  const engines = useQuery(enginesQuery()).data ?? []
  const create = useCreateDatabase(project)
  const navigate = useNavigate()
  const failure = create.error ? asApiError(create.error) : null
  const available = engines.filter((one) => one.unavailable === null)
  const chosen = available.find((one) => one.name === picked) ?? available.find((one) => one.is_default) ?? available[0]
  const engine = chosen?.name ?? ''
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const input = { name: name.trim(), engine, options, sleep_after_seconds: Number(sleep), protected: false }
    create.mutate(input, {
      onSuccess: (made) => {
        onClose()
        void navigate({ to: '/p/$project/d/$database', params: { project, database: made.id } })
      },
    })
  }
  return (
    <Dialog title="New database" open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        {failure && Object.keys(failure.fields).length === 0 && <ErrorNote error={failure} />}
        <TextField
          label="Name"
          value={name}
          autoFocus
          required
          autoComplete="off"
          spellCheck={false}
          note="Lowercase letters, digits, _ and -"
          onChange={(event) => setName(event.target.value)}
          error={failure?.fields['name']}
        />
        <SelectField
          label="Engine"
          value={engine}
          onChange={setPicked}
          options={available.map((one) => ({ value: one.name, label: one.label }))}
        />
        {chosen && <OptionFields options={chosen.provision_options} values={options} onChange={(key, value) => setOptions({ ...options, [key]: value })} />}
        <SelectField label="Sleep when idle for" value={sleep} onChange={setSleep} options={SLEEP} />
        <footer>
          <button type="submit" className="btn primary" disabled={create.isPending || !name.trim()}>
            {create.isPending ? 'Creating…' : 'Create database'}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
