// Owns the questions of the designer: a new table, a table's name, a column with what it refers to.
import { useState } from 'react'
import type { LiveColumn, LiveRelation } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { Dialog } from '@/components/ui/dialog'
import { ColumnFields, isComplete, type ColumnDraft } from '@/features/structure/column-fields'
import { idOf, keyBetween, placeOf, type Staged } from './staging'

interface NameFormProps {
  title: string
  action: string
  start: string
  taken: readonly string[]
  onDone: (name: string) => void
  onClose: () => void
}

export function NameForm({ title, action, start, taken, onDone, onClose }: NameFormProps) {
  const [name, setName] = useState(start)
  const clean = name.trim()
  const error = clean !== start && taken.includes(clean) ? 'This name is already in use.' : undefined
  return (
    <Dialog title={title} open onOpenChange={(open) => !open && onClose()}>
      <form
        className="form-stack"
        onSubmit={(event) => {
          event.preventDefault()
          onDone(clean)
        }}
      >
        <TextField label="Name" value={name} maxLength={63} autoFocus required error={error} onChange={(event) => setName(event.target.value)} />
        <footer>
          <button type="submit" className="btn primary" disabled={!clean || clean === start || error !== undefined}>
            {action}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

interface ColumnFormProps {
  relation: LiveRelation
  /** The column that is changed; null for a new one. */
  column: LiveColumn | null
  relations: readonly LiveRelation[]
  onDone: (changes: Staged[]) => void
  onClose: () => void
}

function edits(relation: LiveRelation, column: LiveColumn, next: { name: string; type: string; nullable: boolean; fallback: string | null }): Staged[] {
  const at = placeOf(relation)
  const found: Staged[] = []
  if (next.type !== column.type) found.push({ kind: 'AlterType', ...at, column: column.name, type: next.type, was: column.type ?? '' })
  if (next.nullable !== column.nullable) found.push({ kind: 'SetNullable', ...at, column: column.name, nullable: next.nullable })
  if (next.fallback !== (column.default ?? null)) found.push({ kind: 'SetDefault', ...at, column: column.name, default: next.fallback, was: column.default ?? null })
  if (next.name !== column.name) found.push({ kind: 'RenameColumn', ...at, column: column.name, new_name: next.name })
  return found
}

export function ColumnForm({ relation, column, relations, onDone, onClose }: ColumnFormProps) {
  const [draft, setDraft] = useState<ColumnDraft>({ name: column?.name ?? '', type: column?.type ?? 'text', fallback: column?.default ?? '', required: column ? !column.nullable : false })
  const [target, setTarget] = useState('')
  const taken = relation.columns.some((one) => one.name === draft.name.trim() && one.name !== column?.name)
  const refers = (relation.foreign_keys ?? []).some((key) => key.columns.length === 1 && key.columns[0] === column?.name)
  const parents = relations.filter((one) => one.kind === 'table' && one.primary_key?.length === 1)
  const choose = (id: string) => {
    setTarget(id)
    const parent = relations.find((one) => idOf(one) === id)
    const key = parent?.columns.find((one) => one.name === parent.primary_key?.[0])
    if (key?.type && column === null) setDraft((now) => ({ ...now, type: key.type ?? now.type }))
  }
  const submit = () => {
    const next = { name: draft.name.trim(), type: draft.type.trim(), nullable: !draft.required, fallback: draft.fallback.trim() || null }
    const fresh = { ...next, default: next.fallback } as unknown as LiveColumn
    const changes: Staged[] = column
      ? edits(relation, column, next)
      : [{ kind: 'AddColumn', ...placeOf(relation), column: { name: fresh.name, type: fresh.type, nullable: fresh.nullable, default: fresh.default } as LiveColumn }]
    const parent = relations.find((one) => idOf(one) === target)
    const key = parent?.primary_key?.[0]
    const key_change = parent && key ? keyBetween({ relation: { ...relation, primary_key: [] }, column: next.name }, { relation: parent, column: key }) : null
    onDone(key_change ? [...changes, key_change] : changes)
  }
  return (
    <Dialog title={column ? `Edit ${relation.name}.${column.name}` : `New column in ${relation.name}`} open onOpenChange={(open) => !open && onClose()}>
      <form
        className="form-stack"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <ColumnFields draft={draft} taken={taken} onChange={setDraft} />
        {!refers && (
          <SelectField
            label="References"
            value={target}
            onChange={choose}
            options={[{ value: '', label: 'Nothing' }, ...parents.map((one) => ({ value: idOf(one), label: `${one.name}.${one.primary_key?.[0] ?? ''}` }))]}
          />
        )}
        <footer>
          <button type="submit" className="btn primary" disabled={!isComplete(draft) || taken}>
            OK
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
