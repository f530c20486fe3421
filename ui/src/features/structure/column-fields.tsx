// Owns the fields of a new or changed column: its name, type, default and whether it is required.
import { useId } from 'react'
import { TextField } from '@/components/field'
import { useDatabaseEngine } from '@/features/databases/api'

export interface ColumnDraft {
  name: string
  type: string
  fallback: string
  required: boolean
}

interface ColumnFieldsProps {
  draft: ColumnDraft
  taken: boolean
  onChange: (draft: ColumnDraft) => void
}

export const isComplete = ({ name, type }: ColumnDraft): boolean => name.trim() !== '' && type.trim() !== ''

export function ColumnFields({ draft, taken, onChange }: ColumnFieldsProps) {
  const types = useId()
  const suggestions = useDatabaseEngine()?.column_types ?? []
  return (
    <>
      <TextField label="Name" value={draft.name} maxLength={63} autoFocus required error={taken ? 'This name is already in use.' : undefined} onChange={(event) => onChange({ ...draft, name: event.target.value })} />
      <TextField label="Type" value={draft.type} required list={types} onChange={(event) => onChange({ ...draft, type: event.target.value })} />
      <datalist id={types}>
        {suggestions.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <TextField label="Default" value={draft.fallback} note="An expression, such as now() or 'new'" onChange={(event) => onChange({ ...draft, fallback: event.target.value })} />
      <label className="row">
        <input type="checkbox" checked={draft.required} onChange={(event) => onChange({ ...draft, required: event.target.checked })} />
        Required (NOT NULL)
      </label>
    </>
  )
}
