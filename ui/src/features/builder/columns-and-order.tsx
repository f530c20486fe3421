// Owns what a drawn query shows and in which order: picks, sorting, limit, distinct.
import { ArrowUp, X } from 'lucide-react'
import type { DrawnPick, DrawnQuery, DrawnSort, DrawnTerm, LiveSchema } from '@/api/types'
import { moved } from '@/lib/reorder'
import { AggregateField, TermField, WordField } from './fields'
import { renamedPick, withoutPick } from './model'

interface ShownProps {
  query: DrawnQuery
  schema: LiveSchema
  onChange: (query: DrawnQuery) => void
}

const STAR: DrawnTerm = { kind: 'star', value: '', table: '' }

export function Shown({ query, schema, onChange }: ShownProps) {
  const desk = { query, schema }
  const set = (at: number, change: Partial<DrawnPick>) => onChange({ ...query, picks: query.picks.map((pick, place) => (place === at ? { ...pick, ...change } : pick)) })
  return (
    <section className="bpart" aria-label="Columns">
      <h2>Columns</h2>
      {query.picks.length === 0 && <p className="dim">All columns. Choose some, or aggregate.</p>}
      <ul>
        {query.picks.map((pick, at) => (
          <li key={at} className="brow">
            <AggregateField label={`Column ${at + 1}: aggregate`} value={pick.aggregate} onChange={(aggregate) => set(at, { aggregate })} />
            <TermField desk={desk} label={`Column ${at + 1}`} term={pick.term} stars onChange={(term) => set(at, { term })} />
            <WordField label={`Column ${at + 1}: name`} placeholder="name" value={pick.alias} onChange={(alias) => onChange(renamedPick(query, at, alias.trim()))} />
            <button type="button" className="btn ghost icon" disabled={at === 0} aria-label={`Move column ${at + 1} up`} onClick={() => onChange({ ...query, picks: moved(query.picks, at, at - 1) })}>
              <ArrowUp className="i" aria-hidden="true" />
            </button>
            <button type="button" className="btn ghost icon" aria-label={`Remove column ${at + 1}`} onClick={() => onChange(withoutPick(query, at))}>
              <X className="i" aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
      <div className="row flex-wrap">
        <TermField desk={desk} label="Add a column" placeholder="Add a column…" term={null} onChange={(term) => onChange({ ...query, picks: [...query.picks, { term, aggregate: '', alias: '' }] })} />
        <button type="button" className="btn" onClick={() => onChange({ ...query, picks: [...query.picks, { term: STAR, aggregate: 'count', alias: '' }] })}>
          + count rows
        </button>
        <label className="row small">
          <input type="checkbox" checked={query.distinct} onChange={(event) => onChange({ ...query, distinct: event.target.checked })} />
          Distinct
        </label>
      </div>
    </section>
  )
}

export function Order({ query, schema, onChange }: ShownProps) {
  const desk = { query, schema }
  const set = (at: number, change: Partial<DrawnSort>) => onChange({ ...query, sort: query.sort.map((one, place) => (place === at ? { ...one, ...change } : one)) })
  const limit = (text: string) => onChange({ ...query, limit: /^\d+$/.test(text.trim()) ? Number(text) : null })
  return (
    <section className="bpart" aria-label="Order">
      <h2>Order and limit</h2>
      <ul>
        {query.sort.map((one, at) => (
          <li key={at} className="brow">
            {one.aggregate && <AggregateField label={`Order ${at + 1}: aggregate`} value={one.aggregate} onChange={(aggregate) => set(at, { aggregate })} />}
            <TermField desk={desk} label={`Order ${at + 1}`} term={one.term} aliases onChange={(term) => set(at, { term, aggregate: '' })} />
            <select className="bfield" aria-label={`Order ${at + 1}: direction`} value={one.descending ? 'desc' : 'asc'} onChange={(event) => set(at, { descending: event.target.value === 'desc' })}>
              <option value="asc">ascending</option>
              <option value="desc">descending</option>
            </select>
            <select className="bfield" aria-label={`Order ${at + 1}: NULLs`} value={one.nulls} onChange={(event) => set(at, { nulls: event.target.value as DrawnSort['nulls'] })}>
              <option value="">NULLs default</option>
              <option value="first">NULLs first</option>
              <option value="last">NULLs last</option>
            </select>
            <button type="button" className="btn ghost icon" aria-label={`Remove order ${at + 1}`} onClick={() => onChange({ ...query, sort: query.sort.filter((_, place) => place !== at) })}>
              <X className="i" aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
      <div className="row flex-wrap">
        <TermField desk={desk} label="Sort by" placeholder="Sort by…" term={null} aliases onChange={(term) => onChange({ ...query, sort: [...query.sort, { term, aggregate: '', descending: false, nulls: '' }] })} />
        <span className="row small">
          Limit
          <WordField label="Limit" className="narrow" placeholder="none" value={query.limit === null ? '' : String(query.limit)} onChange={limit} />
        </span>
      </div>
    </section>
  )
}
