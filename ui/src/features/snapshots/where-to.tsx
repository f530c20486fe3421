// Owns the choice of where a snapshot is restored: a new database, an empty one of the project, or over this one.
import { useId, type ReactNode } from 'react'
import type { Database, SnapshotDetail } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { useDatabase } from '@/lib/database-scope'
import { useProjectScope } from '@/lib/project-scope'
import { nameProblem, type Choice, type OverMode, type Where } from './restoring'

const MODES: readonly { value: OverMode; label: string }[] = [
  { value: 'overwrite', label: 'lose their rows and get those of the snapshot' },
  { value: 'append', label: 'keep their rows and get those of the snapshot too' },
  { value: 'append_missing', label: 'get only the rows that they do not have' },
]

interface OptionProps {
  group: string
  checked: boolean
  disabled?: boolean
  title: string
  note: string
  onChoose: () => void
  children?: ReactNode
}

function Option({ group, checked, disabled, title, note, onChoose, children }: OptionProps) {
  const id = useId()
  return (
    <div className="opt">
      <input id={id} type="radio" name={group} checked={checked} disabled={disabled} aria-describedby={`${id}-note`} onChange={onChoose} />
      <label htmlFor={id}>{title}</label>
      <p id={`${id}-note`}>{note}</p>
      {checked && children && <div className="optmore">{children}</div>}
    </div>
  )
}

interface WhereProps {
  snapshot: SnapshotDetail
  choice: Choice
  databases: readonly Database[]
  /** Why no new database can be made; null when one can. */
  unavailable: string | null
  onChange: (part: Partial<Choice>) => void
}

export function WhereTo({ snapshot, choice, databases, unavailable, onChange }: WhereProps) {
  const group = useId()
  const database = useDatabase()
  const { project } = useProjectScope()
  const isAdmin = project.role === 'owner' || project.role === 'admin'
  const others = databases.filter((one) => one.id !== database.id && one.engine === snapshot.engine && !one.read_only)
  const problem = nameProblem(choice.name, databases.map((one) => one.name))
  const option = (where: Where) => ({ group, checked: choice.where === where, onChoose: () => onChange({ where }) })
  return (
    <section>
      <h3 id={`${group}-title`}>Where to</h3>
      <div role="radiogroup" aria-labelledby={`${group}-title`}>
        <Option {...option('new')} title="A new database" note={unavailable ?? 'Nothing else changes.'} disabled={unavailable !== null}>
          <TextField
            label="Name"
            className="mono"
            value={choice.name}
            autoComplete="off"
            spellCheck={false}
            error={problem ?? undefined}
            onChange={(event) => onChange({ name: event.target.value.trim() })}
          />
        </Option>
        <Option
          {...option('empty')}
          title="An empty database of this project"
          note={others.length > 0 ? 'It must have none of these tables.' : 'There is no other database of this kind in this project.'}
          disabled={others.length === 0}
        >
          <SelectField
            label="Database"
            value={choice.target}
            options={[{ value: '', label: 'Choose a database' }, ...others.map((one) => ({ value: one.id, label: one.name }))]}
            onChange={(target) => onChange({ target })}
          />
        </Option>
        <Option
          {...option('over')}
          title={`Over ${database.name}`}
          note={isAdmin ? 'Takes a snapshot of it first, so that it can be undone.' : 'Takes a snapshot of it first. Needs an admin.'}
          disabled={!isAdmin || database.read_only}
        >
          <SelectField label="Tables that are there" value={choice.mode} options={MODES} onChange={(mode) => onChange({ mode: mode as OverMode })} />
        </Option>
      </div>
    </section>
  )
}
