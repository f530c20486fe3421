// Owns the policy of a database in the side panel: when, what is kept, how it is checked, shown before it is saved.
import { useQuery } from '@tanstack/react-query'
import { Ellipsis } from 'lucide-react'
import { useDeferredValue, useState, type FormEvent } from 'react'
import { toast } from 'sonner'
import type { Policy } from '@/api/types'
import { TextField } from '@/components/field'
import { ErrorNote, Loaded } from '@/components/states'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Menu, MenuItem, MenuSeparator } from '@/components/ui/menu'
import { Drawer } from '@/components/drawer'
import { ExtentFields, isNamed } from '@/features/snapshots/extent-fields'
import { useDatabase } from '@/lib/database-scope'
import { withErrorToast } from '@/lib/download'
import { plural } from '@/lib/format'
import { asApiError } from '@/lib/problem'
import { useProjectScope } from '@/lib/project-scope'
import { policyQuery, previewQuery, useDeletePolicy, usePutPolicy, useRunPolicy } from './api'
import { CheckFields } from './check-fields'
import { draftOf, isComplete, retentionText, policyRequest, type Draft } from './draft'
import { RetentionFields } from './retention-fields'
import { Runs } from './runs'
import { WhenFields } from './when-fields'

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone
const SHOWN_FIELDS = ['cron', 'timezone', 'retention', 'verify']

function MoreMenu({ policy, isAdmin, onPause }: { policy: Policy; isAdmin: boolean; onPause: () => void }) {
  const database = useDatabase()
  const [asking, setAsking] = useState(false)
  const run = useRunPolicy(database.id)
  const remove = useDeletePolicy(database.id)
  const now = () =>
    void withErrorToast(async () => {
      await run.mutateAsync(undefined)
      toast.success('Taking a snapshot')
    })
  return (
    <>
      <Menu
        align="end"
        trigger={
          <button type="button" className="btn icon" aria-label="More about the policy">
            <Ellipsis className="i" aria-hidden="true" />
          </button>
        }
      >
        <MenuItem onSelect={now}>Run now</MenuItem>
        <MenuItem onSelect={onPause}>{policy.paused ? 'Resume' : 'Pause'}</MenuItem>
        <MenuSeparator />
        <MenuItem danger disabled={!isAdmin} onSelect={() => setAsking(true)}>
          Remove policy
        </MenuItem>
      </Menu>
      <ConfirmDialog
        title={`Remove the policy of ${database.name}?`}
        text="Scheduled snapshots, checks and deletions stop. Existing snapshots stay."
        action="Remove policy"
        open={asking}
        onOpenChange={setAsking}
        onConfirm={() => remove.mutateAsync(undefined)}
      />
    </>
  )
}

function Form({ policy, isAdmin }: { policy: Policy | null; isAdmin: boolean }) {
  const database = useDatabase()
  const [draft, setDraft] = useState<Draft>(() => draftOf(policy, HERE))
  const save = usePutPolicy(database.id)
  const asked = useDeferredValue(draft)
  const preview = useQuery(previewQuery(database.id, isComplete(asked) ? policyRequest(asked) : null))
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }))
  const failure = save.error ? asApiError(save.error) : preview.error ? asApiError(preview.error) : null
  const fields = failure?.fields ?? {}
  const hasHiddenError = failure && !SHOWN_FIELDS.some((name) => name in fields)
  const keep = (next: Draft, said: string) => save.mutate(policyRequest(next), { onSuccess: () => toast.success(said) })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    keep(draft, 'Policy saved')
  }
  return (
    <form className="contents" onSubmit={submit}>
      {hasHiddenError && (
        <section>
          <ErrorNote error={failure} />
        </section>
      )}
      <WhenFields draft={draft} next={preview.data?.next ?? []} fields={fields} onChange={change} />
      <RetentionFields draft={draft} isAdmin={isAdmin} preview={isComplete(draft) ? preview.data : undefined} error={fields['retention']} onChange={change} />
      <section className="form-stack">
        <TextField label="Label" value={draft.label} maxLength={200} placeholder="Nightly" onChange={(event) => change({ label: event.target.value })} />
        <ExtentFields database={database.id} value={draft} onChange={change} />
      </section>
      <CheckFields draft={draft} error={fields['verify']} onChange={change} />
      <Runs />
      <footer>
        <button type="submit" className="btn primary grow" disabled={save.isPending || !isComplete(draft) || !isNamed(draft)}>
          {save.isPending ? 'Saving…' : policy ? 'Save policy' : 'Set policy'}
        </button>
        {policy && (
          <MoreMenu
            policy={policy}
            isAdmin={isAdmin}
            onPause={() => {
              const next = { ...draftOf(policy, HERE), paused: !policy.paused }
              setDraft((before) => ({ ...before, paused: next.paused }))
              keep(next, next.paused ? 'Paused' : 'Resumed')
            }}
          />
        )}
      </footer>
    </form>
  )
}

/** The policy for viewers. */
function PolicySummary({ policy }: { policy: Policy | null }) {
  if (!policy) return <section>No policy: snapshots are taken manually, and all are kept.</section>
  const { schedule, verify, drill_every_days } = policy
  const facts: [string, string][] = [
    ['Schedule', schedule ? `${schedule.cron}, ${schedule.timezone}${policy.paused ? ', paused' : ''}` : 'No schedule'],
    ['Retention', retentionText(policy.retention)],
    ['Verified', verify ? `${verify.kind}, every ${plural(verify.every_days, 'day')}` : 'No'],
    ['Test restore', drill_every_days ? `Every ${plural(drill_every_days, 'day')}` : 'No'],
  ]
  return (
    <>
      <section>
        <dl className="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      <Runs />
    </>
  )
}

export function PolicyPanel({ onClose }: { onClose: () => void }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const policy = useQuery(policyQuery(database.id))
  const isAdmin = project.role === 'owner' || project.role === 'admin'
  return (
    <Drawer title="Schedule and retention" onClose={onClose}>
      <Loaded query={policy} rows={10}>
        {(found) => (project.role === 'viewer' ? <PolicySummary policy={found} /> : <Form key={found ? 'set' : 'new'} policy={found} isAdmin={isAdmin} />)}
      </Loaded>
    </Drawer>
  )
}
