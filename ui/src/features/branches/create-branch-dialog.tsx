// Owns creating a branch: its name, what it starts from, and how long it lives.
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { BranchRequest, Snapshot } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { snapshotsQuery } from '@/features/snapshots/api'
import { title } from '@/features/snapshots/timeline-data'
import { useDatabase } from '@/lib/database-scope'
import { moment } from '@/lib/format'
import { asApiError } from '@/lib/problem'
import { useCreateBranch } from './api'

const DAY = 86_400
const LIFETIMES = [
  { value: '', label: 'Never' },
  { value: String(DAY), label: 'After one day' },
  { value: String(7 * DAY), label: 'After 7 days' },
  { value: String(30 * DAY), label: 'After 30 days' },
]

interface Choice {
  name: string
  snapshot: string
  lifetime: string
}

/** What the server is asked for. */
export const branchRequest = ({ name, snapshot, lifetime }: Choice): BranchRequest => ({
  name: name.trim(),
  snapshot_id: snapshot === '' ? null : snapshot,
  ttl_seconds: lifetime === '' ? null : Number(lifetime),
})

/** The snapshots that a branch can start from: complete ones of all tables. */
export const usable = (snapshots: readonly Snapshot[]): Snapshot[] => snapshots.filter((snapshot) => snapshot.status === 'complete' && !snapshot.partial)

export function CreateBranchDialog({ onClose }: { onClose: () => void }) {
  const database = useDatabase()
  const snapshots = useInfiniteQuery(snapshotsQuery(database.id)).data?.pages.flatMap((page) => page.items) ?? []
  const [choice, setChoice] = useState<Choice>({ name: '', snapshot: '', lifetime: '' })
  const set = (part: Partial<Choice>) => setChoice({ ...choice, ...part })
  const create = useCreateBranch(database.id)
  const failure = create.error ? asApiError(create.error) : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate(branchRequest(choice), { onSuccess: onClose })
  }
  const origins = [{ value: '', label: `${database.name} as it is now` }, ...usable(snapshots).map((snapshot) => ({ value: snapshot.id, label: `${title(snapshot)}, ${moment(snapshot.taken_at ?? snapshot.created_at)}` }))]
  return (
    <Dialog title="Create branch" description={`A new database with the content of ${database.name}. Its changes can be merged back.`} open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        {failure && Object.keys(failure.fields).length === 0 && <ErrorNote error={failure} />}
        <TextField
          label="Name"
          value={choice.name}
          autoFocus
          required
          maxLength={40}
          placeholder="feature"
          note={`Commands name it ${database.name}@${choice.name.trim() || 'feature'}.`}
          error={failure?.fields['name']}
          onChange={(event) => set({ name: event.target.value })}
        />
        <SelectField label="Start from" value={choice.snapshot} options={origins} onChange={(snapshot) => set({ snapshot })} />
        <SelectField label="Delete it" value={choice.lifetime} options={LIFETIMES} onChange={(lifetime) => set({ lifetime })} />
        <footer>
          <button type="submit" className="btn primary" disabled={create.isPending || choice.name.trim() === ''}>
            {create.isPending ? 'Starting…' : 'Create branch'}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
