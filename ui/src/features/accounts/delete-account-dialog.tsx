// Owns the questions before an account is deleted: what happens to each organization that only its user owns.
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { Belongings, DeletionRequest, OwnedOrganization } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { ErrorNote, Loaded } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { day, plural } from '@/lib/format'
import { belongingsQuery, useDeleteAccount } from './api'

const DELETE = 'delete'
const KINDS = { projects: 'project', databases: 'database', snapshots: 'snapshot', policies: 'policy', vaults: 'vault', codebases: 'codebase', dashboards: 'dashboard' } as const

interface Choice {
  successor: string
  confirmation: string
}

function contents(organization: OwnedOrganization): string {
  const counted = Object.entries(KINDS).map(([kind, single]) => ({ number: organization.counts[kind] ?? 0, kind, single }))
  const present = counted.filter(({ number }) => number > 0).map(({ number, kind, single }) => plural(number, single, kind))
  return present.length > 0 ? present.join(', ') : 'nothing'
}

function isDecided(organization: OwnedOrganization, choice: Choice | undefined): boolean {
  if (!choice?.successor) return false
  return choice.successor !== DELETE || !organization.needs_confirmation || choice.confirmation === organization.name
}

function OrganizationChoice({ organization, choice, onChange }: { organization: OwnedOrganization; choice: Choice; onChange: (choice: Choice) => void }) {
  const options = [
    { value: '', label: 'Choose…' },
    { value: DELETE, label: 'Delete it with my account' },
    ...organization.successors.map(({ user_id, email }) => ({ value: user_id, label: `Hand it over to ${email}` })),
  ]
  return (
    <fieldset className="form-stack">
      <legend className="mb-2 font-medium">
        {organization.name} <span className="dim">has {contents(organization)}</span>
      </legend>
      <SelectField label="What happens to it" value={choice.successor} onChange={(successor) => onChange({ ...choice, successor })} options={options} />
      {choice.successor === DELETE && organization.needs_confirmation && (
        <TextField
          label={`Its databases and snapshots are lost. Type ${organization.name} to confirm`}
          value={choice.confirmation}
          autoComplete="off"
          onChange={(event) => onChange({ ...choice, confirmation: event.target.value })}
        />
      )}
    </fieldset>
  )
}

function requestOf(belongings: Belongings, choices: Record<string, Choice>): DeletionRequest {
  const organizations = belongings.owned.map(({ id }) => {
    const { successor = '', confirmation = '' } = choices[id] ?? {}
    return { organization_id: id, successor_id: successor === DELETE ? null : successor, confirmation }
  })
  return { organizations }
}

function DeletionForm({ belongings, onDeleted }: { belongings: Belongings; onDeleted: (message: string) => void }) {
  const [choices, setChoices] = useState<Record<string, Choice>>({})
  const remove = useDeleteAccount()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    remove.mutate(requestOf(belongings, choices), { onSuccess: ({ deletion_at }) => onDeleted(`Your account is deleted on ${day(deletion_at)}. Sign in before that to keep it.`) })
  }
  const isComplete = belongings.owned.every((organization) => isDecided(organization, choices[organization.id]))
  return (
    <form className="form-stack" onSubmit={submit}>
      {remove.error && <ErrorNote error={remove.error} />}
      {belongings.owned.map((organization) => (
        <OrganizationChoice
          key={organization.id}
          organization={organization}
          choice={choices[organization.id] ?? { successor: '', confirmation: '' }}
          onChange={(choice) => setChoices((now) => ({ ...now, [organization.id]: choice }))}
        />
      ))}
      {belongings.left.length > 0 && <p className="dim">You leave {belongings.left.join(', ')}. Your shared queries there stay, your private ones are deleted.</p>}
      <p>
        Your sessions end now. Within {belongings.grace_days} days, signing in keeps the account; after that, it is deleted for good. The audit log keeps what you did, with your address: it cannot be changed.
      </p>
      <footer>
        <button type="submit" className="btn danger" disabled={remove.isPending || !isComplete}>
          Delete my account
        </button>
      </footer>
    </form>
  )
}

export function DeleteAccountDialog({ onClose, onDeleted }: { onClose: () => void; onDeleted: (message: string) => void }) {
  const belongings = useQuery(belongingsQuery())
  return (
    <Dialog title="Delete your account" open onOpenChange={(open) => !open && onClose()}>
      <Loaded query={belongings} rows={3}>
        {(data) => <DeletionForm belongings={data} onDeleted={onDeleted} />}
      </Loaded>
    </Dialog>
  )
}
