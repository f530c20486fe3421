// Owns asking for a merge: the common snapshot, what is merged, and which side wins conflicts.
import { useState, type FormEvent } from 'react'
import type { Database, Merge, MergeSide, Snapshot } from '@/api/types'
import { SelectField } from '@/components/field'
import { Panel } from '@/components/page'
import { EmptyState, ErrorNote } from '@/components/states'
import { title } from '@/features/snapshots/timeline-data'
import { moment } from '@/lib/format'
import { useCreateMerge } from './api'

const PREFERENCES = [
  { value: '', label: 'Ask me' },
  { value: 'ours', label: 'Keep this database' },
  { value: 'theirs', label: 'Take what is merged' },
]

const called = (one: Snapshot) => `${title(one)}, ${moment(one.taken_at ?? one.created_at)}`

interface MergeFormProps {
  target: Database
  snapshots: readonly Snapshot[]
  databases: readonly Database[]
  base: string | undefined
  source: string | undefined
  onCreated: (merge: Merge) => void
}

export function MergeForm({ target, snapshots, databases, base, source, onCreated }: MergeFormProps) {
  const others = databases.filter((one) => one.engine === target.engine && one.id !== target.id)
  const [from, setFrom] = useState(source ?? others[0]?.id ?? '')
  const [since, setSince] = useState(base ?? snapshots[0]?.id ?? '')
  const [prefer, setPrefer] = useState<MergeSide | ''>('')
  const create = useCreateMerge(target.id)
  if (snapshots.length === 0) return <EmptyState text="A merge needs a snapshot that both databases have in common. Take one, restore it into a new database, and change that one." />
  if (others.length === 0) return <EmptyState text="There is no other database of this engine in the project. Restore a snapshot into a new database first." />
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate({ base_id: since, source_id: from, prefer: prefer || null }, { onSuccess: onCreated })
  }
  return (
    <Panel title="New merge">
      <form className="form-stack p-4" onSubmit={submit}>
        {create.error && <ErrorNote error={create.error} />}
        <SelectField label="Merge the changes of" value={from} options={others.map((one) => ({ value: one.id, label: one.name }))} onChange={setFrom} />
        <SelectField label="Since the common snapshot" value={since} options={snapshots.map((one) => ({ value: one.id, label: called(one) }))} onChange={setSince} />
        <SelectField label="Where both have changed a value" value={prefer} options={PREFERENCES} onChange={(value) => setPrefer(value as MergeSide | '')} />
        <footer>
          <button type="submit" className="btn primary" disabled={create.isPending}>
            {create.isPending ? 'Starting…' : 'Prepare merge'}
          </button>
        </footer>
      </form>
    </Panel>
  )
}
