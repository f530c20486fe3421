// Owns the forms that say what is to change in a structure: a new table, view, column or index.
import { useId, useState, type ComponentType, type FormEvent } from 'react'
import type { LiveRelation, SchemaChange } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { Dialog } from '@/components/ui/dialog'
import { useDatabaseEngine } from '@/features/databases/api'
import { homeOf, newTable, newView } from '@/lib/new-table'
import { ColumnFields, isComplete, type ColumnDraft } from './column-fields'

export type Form = 'table' | 'view' | 'column' | 'index' | null

interface FormProps {
  relation: LiveRelation | null
  onChange: (change: SchemaChange) => void
  onClose: () => void
}

type TableFormProps = FormProps & { relation: LiveRelation }

function TableForm({ relation, onChange, onClose }: FormProps) {
  const engine = useDatabaseEngine()
  const [name, setName] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onChange(newTable(name.trim(), homeOf(relation, engine), engine))
  }
  return (
    <Dialog title="New table" description="Starts with an auto-incrementing id; add columns next." open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        <TextField label="Name" value={name} autoFocus required onChange={(event) => setName(event.target.value)} />
        <footer>
          <button type="submit" className="btn primary" disabled={!name.trim()}>
            Preview
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

function ViewForm({ relation, onChange, onClose }: FormProps) {
  const engine = useDatabaseEngine()
  const id = useId()
  const [name, setName] = useState('')
  const [query, setQuery] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onChange(newView(name.trim(), homeOf(relation, engine), query.trim().replace(/;+$/, '')))
  }
  return (
    <Dialog title="New view" description="A query that can be read like a table." open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        <TextField label="Name" value={name} autoFocus required onChange={(event) => setName(event.target.value)} />
        <div className="formrow">
          <label htmlFor={id}>Query</label>
          <textarea id={id} className="area mono" rows={6} spellCheck={false} required placeholder="SELECT …" value={query} onChange={(event) => setQuery(event.target.value)} />
        </div>
        <footer>
          <button type="submit" className="btn primary" disabled={!name.trim() || !query.trim()}>
            Preview
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

function ColumnForm({ relation, onChange, onClose }: TableFormProps) {
  const [draft, setDraft] = useState<ColumnDraft>({ name: '', type: 'text', fallback: '', required: false })
  const taken = relation.columns.some((one) => one.name === draft.name.trim())
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const column = { name: draft.name, type: draft.type, nullable: !draft.required, default: draft.fallback.trim() || null }
    onChange({ kind: 'AddColumn', table: relation.name, schema: relation.schema, column })
  }
  return (
    <Dialog title={`New column in ${relation.name}`} open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        <ColumnFields draft={draft} taken={taken} onChange={setDraft} />
        <footer>
          <button type="submit" className="btn primary" disabled={!isComplete(draft) || taken}>
            Preview
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

function IndexForm({ relation, onChange, onClose }: TableFormProps) {
  const [columns, setColumns] = useState<string[]>([])
  const [unique, setUnique] = useState(false)
  const [where, setWhere] = useState('')
  const free = relation.columns.filter((column) => !columns.includes(column.name))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const name = `${relation.name}_${columns.join('_')}_${unique ? 'key' : 'idx'}`.slice(0, 63)
    onChange({ kind: 'AddIndex', table: relation.name, schema: relation.schema, index: { name, columns, unique, where: where.trim() || null } })
  }
  return (
    <Dialog title={`New index on ${relation.name}`} open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        <p className="mono">{columns.length ? columns.join(', ') : 'No columns yet'}</p>
        <SelectField
          label="Add a column"
          value=""
          onChange={(name) => name && setColumns([...columns, name])}
          options={[{ value: '', label: 'Choose…' }, ...free.map((column) => ({ value: column.name, label: column.name }))]}
        />
        <TextField label="WHERE (partial index)" value={where} note="Leave empty to index all rows" onChange={(event) => setWhere(event.target.value)} />
        <label className="row">
          <input type="checkbox" checked={unique} onChange={(event) => setUnique(event.target.checked)} />
          Unique
        </label>
        <footer>
          <button type="submit" className="btn primary" disabled={columns.length === 0}>
            Preview
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

/** A form for a table that exists. */
const ofTable = (Form: ComponentType<TableFormProps>) =>
  function FormOfTable({ relation, ...rest }: FormProps) {
    return relation && <Form relation={relation} {...rest} />
  }

/** The form of each kind. */
export const FORMS = { table: TableForm, view: ViewForm, column: ofTable(ColumnForm), index: ofTable(IndexForm) }
