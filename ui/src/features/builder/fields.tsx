// Owns the small fields of the builder: a term, an aggregate, the values of a condition.
import { Columns3, TextCursorInput } from 'lucide-react'
import { useState } from 'react'
import type { DrawnCondition, DrawnPick, DrawnQuery, DrawnTerm, LiveSchema } from '@/api/types'
import { constant, isNumeric, relationOf, tablesOf, VALUES } from './model'

export interface Desk {
  query: DrawnQuery
  schema: LiveSchema
}

const AGGREGATES: readonly { value: DrawnPick['aggregate']; label: string }[] = [
  { value: '', label: 'value' },
  { value: 'count', label: 'count' },
  { value: 'count_distinct', label: 'count distinct' },
  { value: 'sum', label: 'sum' },
  { value: 'avg', label: 'average' },
  { value: 'min', label: 'min' },
  { value: 'max', label: 'max' },
]

const key = (term: DrawnTerm) => JSON.stringify([term.kind, term.table, term.value])

function termOf(text: string): DrawnTerm {
  const [kind, table, value] = JSON.parse(text) as [DrawnTerm['kind'], string, string]
  return { kind, table, value }
}

/** A field that is written when it is left, so that a half-typed word does not travel. */
export function WordField({ label, value, placeholder, onChange, className = '' }: { label: string; value: string; placeholder?: string; onChange: (value: string) => void; className?: string }) {
  const [typed, setTyped] = useState<string | null>(null)
  const done = () => {
    if (typed !== null && typed !== value) onChange(typed)
    setTyped(null)
  }
  return (
    <input
      className={`bfield ${className}`}
      aria-label={label}
      value={typed ?? value}
      placeholder={placeholder}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === 'Enter') done()
        if (event.key === 'Escape') setTyped(null)
      }}
    />
  )
}

interface TermProps {
  desk: Desk
  label: string
  term: DrawnTerm | null
  onChange: (term: DrawnTerm) => void
  /** Offers every column and the count of rows too. */
  stars?: boolean
  /** Offers what is shown under a name. */
  aliases?: boolean
  placeholder?: string
}

export function TermField({ desk, label, term, onChange, stars = false, aliases = false, placeholder = 'Choose a column' }: TermProps) {
  if (term?.kind === 'expression') return <WordField label={`${label}, an expression`} className="mono" value={term.value} onChange={(value) => onChange({ ...term, value })} />
  const named = desk.query.picks.filter((pick) => pick.alias)
  const tables = tablesOf(desk.query)
  const known = term !== null && tables.some((table) => table.alias === term.table && relationOf(table, desk.schema)?.columns.some((one) => one.name === term.value))
  return (
    <select
      className="bfield"
      aria-label={label}
      value={term ? key(term) : ''}
      onChange={(event) => {
        if (event.target.value) onChange(termOf(event.target.value))
      }}
    >
      {term === null && <option value="">{placeholder}</option>}
      {term?.kind === 'column' && !known && <option value={key(term)}>{`${term.table}.${term.value}`}</option>}
      {(stars || term?.kind === 'star') && <option value={key({ kind: 'star', table: '', value: '' })}>all columns</option>}
      {(term?.kind === 'number' || term?.kind === 'text' || term?.kind === 'boolean') && <option value={key(term)}>{term.kind === 'text' ? `'${term.value}'` : term.value}</option>}
      {term?.kind === 'star' && term.table && <option value={key(term)}>{term.table}.*</option>}
      {(aliases || term?.kind === 'alias') && named.length > 0 && (
        <optgroup label="Aliases">
          {named.map((pick) => (
            <option key={pick.alias} value={key({ kind: 'alias', table: '', value: pick.alias })}>
              {pick.alias}
            </option>
          ))}
        </optgroup>
      )}
      {tables.map((table) => (
        <optgroup key={table.alias} label={table.alias}>
          {relationOf(table, desk.schema)?.columns.map((column) => (
            <option key={column.name} value={key({ kind: 'column', table: table.alias, value: column.name })}>
              {tables.length > 1 ? `${table.alias}.${column.name}` : column.name}
            </option>
          ))}
        </optgroup>
      ))}
      <option value={key({ kind: 'expression', table: '', value: '1' })}>Expression…</option>
    </select>
  )
}

export function AggregateField({ label, value, onChange }: { label: string; value: DrawnPick['aggregate']; onChange: (value: DrawnPick['aggregate']) => void }) {
  return (
    <select className="bfield" aria-label={label} value={value} onChange={(event) => onChange(event.target.value as DrawnPick['aggregate'])}>
      {AGGREGATES.map((one) => (
        <option key={one.value} value={one.value}>
          {one.label}
        </option>
      ))}
    </select>
  )
}

const isConstant = (term: DrawnTerm) => term.kind === 'number' || term.kind === 'text' || term.kind === 'boolean'

/** One value, written or taken from a column. */
function ValueField({ desk, label, value, numeric, onChange }: { desk: Desk; label: string; value: DrawnTerm; numeric: boolean; onChange: (value: DrawnTerm) => void }) {
  const written = isConstant(value)
  const first = desk.query.table
  const swap = () => onChange(written ? { kind: 'column', table: first.alias, value: relationOf(first, desk.schema)?.columns[0]?.name ?? '' } : { kind: 'text', table: '', value: '' })
  return (
    <span className="row gap-0">
      {written ? <WordField label={label} placeholder="value" value={value.value} onChange={(text) => onChange(constant(text, numeric))} /> : <TermField desk={desk} label={label} term={value} onChange={onChange} />}
      <button type="button" className="btn ghost icon" title={written ? 'Compare with a column' : 'Compare with a value'} aria-label={`${label}: ${written ? 'use a column' : 'use a value'}`} onClick={swap}>
        {written ? <Columns3 className="i" aria-hidden="true" /> : <TextCursorInput className="i" aria-hidden="true" />}
      </button>
    </span>
  )
}

export function Values({ desk, condition, label, onChange }: { desk: Desk; condition: DrawnCondition; label: string; onChange: (condition: DrawnCondition) => void }) {
  const wanted = VALUES[condition.operator]
  const numeric = isNumeric(condition.term, desk.query, desk.schema) || (condition.aggregate !== '' && condition.aggregate !== 'min' && condition.aggregate !== 'max')
  if (wanted === 0) return null
  if (wanted === 'list' && condition.values.every(isConstant)) {
    const shown = condition.values.map((value) => value.value).join(', ')
    return (
      <WordField
        label={`${label}: values, comma-separated`}
        placeholder="a, b, c"
        value={shown}
        onChange={(text) => onChange({ ...condition, values: text.split(',').map((part) => constant(part.trim(), numeric)) })}
      />
    )
  }
  return (
    <>
      {condition.values.map((value, at) => (
        <ValueField
          key={at}
          desk={desk}
          label={`${label}: value ${condition.values.length > 1 ? at + 1 : ''}`.trim()}
          value={value}
          numeric={numeric}
          onChange={(next) => onChange({ ...condition, values: condition.values.map((one, place) => (place === at ? next : one)) })}
        />
      ))}
    </>
  )
}
