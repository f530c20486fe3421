// Owns beginning a copy: where to, which tables, what becomes of every type, and what is lost.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { CopyPlan, CopyRequest, Database } from '@/api/types'
import { SelectField } from '@/components/field'
import { PageFrame, Panel } from '@/components/page'
import { EmptyState, ErrorNote, Loaded, SkeletonRows } from '@/components/states'
import { useDatabase } from '@/lib/database-scope'
import { useProjectScope } from '@/lib/project-scope'
import { databasesQuery, enginesQuery } from '@/features/databases/api'
import { copyPlanQuery, useCopy } from './api'
import { Losses, Types } from './losses'
import { TableChoice } from './table-choice'

const route = getRouteApi('/shell/p/$project/d/$database/transfers/copy')

function Target({ databases, target, onChange }: { databases: Database[]; target: string; onChange: (id: string) => void }) {
  if (databases.length === 0) return <EmptyState text="There is no other database in this project to copy into. Create an empty one first, or connect one." />
  const options = [{ value: '', label: 'Choose a database' }, ...databases.map((one) => ({ value: one.id, label: `${one.name} (${one.engine})` }))]
  return (
    <div className="p-4">
      <SelectField label="Into" value={target} onChange={onChange} options={options} />
      <p className="small dim">It must not contain any of these tables. In MongoDB, each table becomes a collection.</p>
    </div>
  )
}

function Consent({ text, checked, onChange }: { text: string; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="row">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {text}
    </label>
  )
}

type Choices = Pick<CopyRequest, 'zero_dates' | 'tinyint1'>
const CHOICES = {
  zero_dates: { label: 'Zero dates (0000-00-00)', options: [{ value: 'null', label: 'Become NULL' }, { value: 'refuse', label: 'Are refused' }] },
  tinyint1: { label: 'tinyint(1)', options: [{ value: 'boolean', label: 'Becomes a boolean' }, { value: 'number', label: 'Stays a number' }] },
} as const

/** What the user decides about values that only the source's engine has; a plan says which choices matter. */
function ChoiceFields({ open, values, onChange }: { open: CopyPlan['choices']; values: Choices; onChange: (values: Choices) => void }) {
  if (open.length === 0) return null
  return (
    <Panel title="Choices">
      <div className="row flex-wrap p-4">
        {open.map((name) => (
          <SelectField
            key={name}
            label={CHOICES[name].label}
            value={values[name] ?? CHOICES[name].options[0].value}
            onChange={(value) => onChange({ ...values, [name]: value })}
            options={[...CHOICES[name].options]}
          />
        ))}
      </div>
    </Panel>
  )
}

export function CopyPage() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const navigate = useNavigate()
  const neighbours = useQuery(databasesQuery(project.id))
  const targets = new Set(useQuery(enginesQuery()).data?.filter((engine) => engine.copy_target).map((engine) => engine.name))
  const [target, setTarget] = useState('')
  const [tables, setTables] = useState<string[] | null>(null)
  const [accepted, setAccepted] = useState(false)
  const [confirmed, setConfirmed] = useState(false)
  const [choices, setChoices] = useState<Choices>({ zero_dates: 'null', tinyint1: 'boolean' })
  const request = target && tables?.length !== 0 ? { target_id: target, tables, ...choices } : null
  const { snapshot } = route.useSearch()
  const plan = useQuery(copyPlanQuery(database.id, snapshot, request))
  const copy = useCopy(database.id, snapshot)
  const guarded = neighbours.data?.find((one) => one.id === target)?.protected ?? false
  const ready = plan.data !== undefined && !plan.error && (accepted || plan.data.losses.length === 0) && (confirmed || !guarded)
  const begin = () => {
    if (request === null) return
    copy.mutate(
      { ...request, accepted: true, confirmed },
      { onSuccess: (made) => void navigate({ to: '/p/$project/d/$database/transfers/$transfer', params: { project: project.id, database: database.id, transfer: made.id } }) },
    )
  }
  return (
    <PageFrame title="Copy" subtitle={<p className="dim">{snapshot ? `A snapshot of ${database.name}` : database.name} into another database, of this engine or another</p>}>
      <Panel title="Target">
        <Loaded query={neighbours} rows={2}>
          {(items) => (
            <Target
              databases={items.filter((one) => one.id !== database.id && targets.has(one.engine) && !one.read_only)}
              target={target}
              onChange={(id) => {
                setTarget(id)
                setAccepted(false)
                setConfirmed(false)
              }}
            />
          )}
        </Loaded>
      </Panel>
      {snapshot === undefined && (
        <TableChoice
          database={database.id}
          chosen={tables}
          onChange={(chosen) => {
            setTables(chosen)
            setAccepted(false)
          }}
        />
      )}
      {request !== null && plan.isFetching && !plan.data && <SkeletonRows rows={4} label="Working out the plan" />}
      {plan.error && <ErrorNote error={plan.error} retry={() => void plan.refetch()} />}
      {plan.data && !plan.error && (
        <>
          <ChoiceFields
            open={plan.data.choices}
            values={choices}
            onChange={(values) => {
              setChoices(values)
              setAccepted(false)
            }}
          />
          <Losses losses={plan.data.losses} />
          <Types tables={plan.data.tables} />
          {copy.error && <ErrorNote error={copy.error} />}
          <div className="row flex-wrap">
            {plan.data.losses.length > 0 && <Consent text="I accept these losses" checked={accepted} onChange={setAccepted} />}
            {guarded && <Consent text="The target is protected. Write to it anyway" checked={confirmed} onChange={setConfirmed} />}
            <button type="button" className="btn primary end" disabled={!ready || copy.isPending} onClick={begin}>
              {copy.isPending ? 'Starting…' : 'Copy'}
            </button>
          </div>
        </>
      )}
    </PageFrame>
  )
}
