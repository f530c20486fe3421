// Owns the choice of where a snapshot is restored: a new database, an empty one of the project, or over this one.
import { useId, type ReactNode } from 'react'
import type { Database, SnapshotDetail } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { useDatabase } from '@/lib/database-scope'
import { useProjectScope } from '@/lib/project-scope'
import { type Choice, type OverMode, type Where } from './restore-request'
import { nameProblem } from '@/lib/database-name'

const MODES: readonly { value: OverMode; label: string }[] = [
  { value: 'overwrite', label: 'Replace existing rows' },
  { value: 'append', label: 'Keep existing rows and add all rows of the snapshot' },
  { value: 'append_missing', label: 'Add only missing rows' },
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

export function RestoreTarget({ snapshot, choice, databases, unavailable, onChange }: WhereProps) {
  const group = useId()
  const database = useDatabase()
  const { project } = useProjectScope()
  const isAdmin = project.role === 'owner' || project.role === 'admin'
  const others = databases.filter((one) => one.id !== database.id && one.engine === snapshot.engine && !one.read_only)
  const problem = nameProblem(choice.name, databases.map((one) => one.name))
  const option = (where: Where) => ({ group, checked: choice.where === where, onChoose: () => onChange({ where }) })
  return (
    <section>
      <h3 id={`${group}-title`}>Target</h3>
      <div role="radiogroup" aria-labelledby={`${group}-title`}>
        <Option {...option('new')} title="New database" note={unavailable ?? 'Nothing else changes.'} disabled={unavailable !== null}>
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
          title="Empty database in this project"
          note={others.length > 0 ? 'It must not contain any of these tables.' : 'There is no other database of this engine in this project.'}
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
          title={`Replace data in ${database.name}`}
          note={isAdmin ? 'Takes a snapshot first, so you can undo this.' : 'Takes a snapshot first. Requires an admin.'}
          disabled={!isAdmin || database.read_only}
        >
          <SelectField label="Existing tables" value={choice.mode} options={MODES} onChange={(mode) => onChange({ mode: mode as OverMode })} />
        </Option>
      </div>
    </section>
  )
}
