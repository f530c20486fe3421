// Owns going back: the moment, the name of the new database, and in words exactly what will happen; then its progress.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useDeferredValue, useState, type FormEvent } from 'react'
import type { RecoveryStatus, RecoverOrder } from '@/api/types'
import { Segmented, SelectField, TextField } from '@/components/field'
import { ErrorNote, Loaded } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { databasesQuery } from '@/features/databases/api'
import { JobProgress, useLiveJob } from '@/features/jobs/live-job'
import { freeName, nameProblem } from '@/lib/database-name'
import { useDatabase } from '@/lib/database-scope'
import { asApiError } from '@/lib/problem'
import { useProjectScope } from '@/lib/project-scope'
import { recoveredQuery, recoverPlanQuery, useRecover } from './api'
import { toLocalInput, exactTime, recoveryRequest, type Choice, type Kind } from './recovery-target'

const KINDS: readonly { value: Kind; label: string }[] = [
  { value: 'time', label: 'Time' },
  { value: 'point', label: 'Restore point' },
  { value: 'lsn', label: 'LSN' },
]

interface WhenProps {
  status: RecoveryStatus
  choice: Choice
  onChange: (part: Partial<Choice>) => void
}

export function When({ status, choice, onChange }: WhenProps) {
  const kinds = status.points.length > 0 ? KINDS : KINDS.filter((one) => one.value !== 'point')
  return (
    <>
      <Segmented className="self-start" label="Restore to" value={choice.kind} options={kinds} onChange={(kind) => onChange({ kind })} />
      {choice.kind === 'time' && (
        <TextField
          label="Time (your time zone)"
          type="datetime-local"
          step={1}
          value={choice.time}
          min={status.earliest ? toLocalInput(status.earliest) : undefined}
          note={status.earliest && status.latest ? `From ${exactTime(status.earliest)} to ${exactTime(status.latest)}.` : undefined}
          onChange={(event) => onChange({ time: event.target.value })}
        />
      )}
      {choice.kind === 'point' && (
        <SelectField
          label="Restore point"
          value={choice.point}
          options={[{ value: '', label: 'Choose a restore point' }, ...status.points.map((one) => ({ value: one.name, label: `${one.name} (${exactTime(one.at)})` }))]}
          onChange={(point) => onChange({ point })}
        />
      )}
      {choice.kind === 'lsn' && (
        <TextField
          label="LSN"
          className="mono"
          value={choice.lsn}
          placeholder="0/16B3748"
          spellCheck={false}
          note="Everything written before this log position is included."
          onChange={(event) => onChange({ lsn: event.target.value })}
        />
      )}
    </>
  )
}

function Form({ status, taken, onBegun }: { status: RecoveryStatus; taken: readonly string[]; onBegun: (id: string) => void }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const [choice, setChoice] = useState<Choice>({ kind: 'time', time: status.latest ? toLocalInput(status.latest) : '', point: '', lsn: '', name: freeName(database.name, taken) })
  const order = recoveryRequest(choice, project.id, taken)
  const asked = useDeferredValue(JSON.stringify(order))
  const plan = useQuery(recoverPlanQuery(database.id, JSON.parse(asked) as RecoverOrder | null))
  const recover = useRecover(database.id)
  const patch = (part: Partial<Choice>) => setChoice((now) => ({ ...now, ...part }))
  const refusals = plan.data?.refusals ?? []
  const current = asked === JSON.stringify(order) && !plan.isFetching && !plan.error
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (order) recover.mutate(order, { onSuccess: (made) => onBegun(made.id) })
  }
  return (
    <form className="form-stack" onSubmit={submit}>
      <When status={status} choice={choice} onChange={patch} />
      <TextField label="Name of the new database" className="mono" value={choice.name} autoComplete="off" spellCheck={false} error={nameProblem(choice.name, taken) ?? undefined} onChange={(event) => patch({ name: event.target.value })} />
      <div aria-live="polite">
        {order && plan.data && !plan.error && (refusals.length > 0 ? refusals : plan.data.sentences).map((sentence) => (
          <p key={sentence} className={refusals.length > 0 ? 't-warn' : 'small'}>
            {sentence}
          </p>
        ))}
      </div>
      {order && plan.error && <ErrorNote error={asApiError(plan.error)} />}
      {recover.error && <ErrorNote error={asApiError(recover.error)} />}
      <footer>
        <button type="submit" className="btn primary" disabled={!order || !current || refusals.length > 0 || recover.isPending}>
          {recover.isPending ? 'Starting…' : `Restore as ${choice.name}`}
        </button>
      </footer>
    </form>
  )
}

function Run({ id }: { id: string }) {
  const { project } = useProjectScope()
  const recovered = useQuery(recoveredQuery(id))
  const { job, log } = useLiveJob(recovered.data?.job ?? null)
  const done = job?.state === 'completed'
  return (
    <>
      {job && <JobProgress title={`Restoring as ${recovered.data?.target_name ?? ''}`} job={job} log={log} canCancel={project.role !== 'viewer'} />}
      {done && recovered.data?.target_id && (
        <footer>
          <Link from="/p/$project" to="/p/$project/d/$database" params={{ database: recovered.data.target_id }} className="btn primary">
            Open {recovered.data.target_name}
          </Link>
        </footer>
      )}
    </>
  )
}

export function RecoverDialog({ status, onClose }: { status: RecoveryStatus; onClose: () => void }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const databases = useQuery(databasesQuery(project.id))
  const [run, setRun] = useState<string | null>(null)
  return (
    <Dialog title="Restore to a point in time" description={`${database.name} at that time, as a new database. ${database.name} itself is not changed.`} open onOpenChange={(open) => !open && onClose()}>
      {run ? (
        <Run id={run} />
      ) : (
        <Loaded query={databases} rows={5}>
          {(found) => <Form status={status} taken={found.map((one) => one.name)} onBegun={setRun} />}
        </Loaded>
      )}
    </Dialog>
  )
}
