// Owns the form of the impact page: a column or table and what happens to it, or SQL.
import { useId, useState } from 'react'
import type { ColumnSummary } from '@/api/types'
import { Segmented, SelectField, TextField } from '@/components/field'
import { ACTIONS, needsValue, type ImpactAction, type ImpactSearch } from '@/lib/impact'

const LABELS: Record<ImpactAction, string> = { drop: 'Drop it', rename: 'Rename it', type: 'Change its type', 'not-null': 'Forbid NULL' }

interface ImpactFormProps {
  columns: readonly ColumnSummary[]
  tables: ReadonlySet<string>
  search: ImpactSearch
  busy: boolean
  onAsk: (search: ImpactSearch) => void
}

interface Draft {
  of: string
  action: ImpactAction
  to: string
  sql: string
}

function TargetFields({ columns, tables, draft, set }: Pick<ImpactFormProps, 'columns' | 'tables'> & { draft: Draft; set: (change: Partial<Draft>) => void }) {
  const list = useId()
  const isTable = tables.has(draft.of)
  const actions = ACTIONS.filter((action) => !isTable || action === 'drop' || action === 'rename')
  const action = actions.includes(draft.action) ? draft.action : 'drop'
  return (
    <>
      <TextField label="Column or table" placeholder="users.email" value={draft.of} list={list} required autoComplete="off" spellCheck={false} onChange={(event) => set({ of: event.target.value.trim() })} />
      <datalist id={list}>
        {[...tables].map((table) => (
          <option key={table} value={table} />
        ))}
        {columns.map((column) => (
          <option key={column.column_id} value={`${column.table_name}.${column.column_name}`} />
        ))}
      </datalist>
      <SelectField label="Change" value={action} onChange={(next) => set({ action: next as ImpactAction })} options={actions.map((value) => ({ value, label: LABELS[value] }))} />
      {needsValue(action) && (
        <TextField label={action === 'rename' ? 'New name' : 'New type'} value={draft.to} required autoComplete="off" spellCheck={false} onChange={(event) => set({ to: event.target.value.trim() })} />
      )}
    </>
  )
}

function SqlField({ value, onChange }: { value: string; onChange: (sql: string) => void }) {
  const id = useId()
  return (
    <div className="formrow wide">
      <label htmlFor={id}>SQL of the change</label>
      <div className="field">
        <textarea id={id} className="mono" rows={4} required spellCheck={false} placeholder="ALTER TABLE users DROP COLUMN email;" value={value} onChange={(event) => onChange(event.target.value)} />
      </div>
    </div>
  )
}

export function ImpactForm({ columns, tables, search, busy, onAsk }: ImpactFormProps) {
  const [way, setWay] = useState<'one' | 'sql'>(search.sql ? 'sql' : 'one')
  const [draft, setDraft] = useState<Draft>({ of: search.of ?? '', action: search.action ?? 'drop', to: search.to ?? '', sql: search.sql ?? '' })
  const set = (change: Partial<Draft>) => setDraft((now) => ({ ...now, ...change }))
  const ask = () => {
    if (way === 'sql') return onAsk({ sql: draft.sql })
    const action = tables.has(draft.of) && draft.action !== 'rename' ? 'drop' : draft.action
    onAsk({ of: draft.of, action, to: needsValue(action) ? draft.to : undefined })
  }
  const ways = [
    { value: 'one', label: 'Column or table' },
    { value: 'sql', label: 'SQL' },
  ] as const
  return (
    <form
      className="impact-form"
      aria-label="Change"
      onSubmit={(event) => {
        event.preventDefault()
        ask()
      }}
    >
      <Segmented label="Say the change as" value={way} options={ways} onChange={setWay} />
      {way === 'one' ? <TargetFields columns={columns} tables={tables} draft={draft} set={set} /> : <SqlField value={draft.sql} onChange={(sql) => set({ sql })} />}
      <button type="submit" className="btn primary" disabled={busy}>
        Show impact
      </button>
    </form>
  )
}
