// Owns the tables of a drawn query: the first, those that are joined, and the joins that foreign keys offer.
import { X } from 'lucide-react'
import type { DrawnJoin, DrawnQuery, LiveSchema } from '@/api/types'
import { joinOffers, withJoin, withoutTable, withTable } from './model'
import { GroupRows } from './filters'

const KINDS: readonly { value: DrawnJoin['kind']; label: string }[] = [
  { value: 'inner', label: 'join' },
  { value: 'left', label: 'left join' },
  { value: 'right', label: 'right join' },
  { value: 'full', label: 'full join' },
  { value: 'cross', label: 'cross join' },
]

interface SourcesProps {
  query: DrawnQuery
  schema: LiveSchema
  onChange: (query: DrawnQuery) => void
}

export function Sources({ query, schema, onChange }: SourcesProps) {
  const desk = { query, schema }
  const offers = joinOffers(query, schema)
  const set = (at: number, change: Partial<DrawnJoin>) => onChange({ ...query, joins: query.joins.map((join, place) => (place === at ? { ...join, ...change } : join)) })
  return (
    <section className="bpart" aria-label="Tables">
      <h2>Tables</h2>
      <ul>
        <li className="brow">
          <code className="bname">{query.table.alias === query.table.name ? query.table.name : `${query.table.name} as ${query.table.alias}`}</code>
        </li>
        {query.joins.map((join, at) => (
          <li key={join.table.alias}>
            <div className="brow">
              <select className="bfield" aria-label={`Join type of ${join.table.alias}`} value={join.kind} onChange={(event) => set(at, { kind: event.target.value as DrawnJoin['kind'] })}>
                {KINDS.map((kind) => (
                  <option key={kind.value} value={kind.value}>
                    {kind.label}
                  </option>
                ))}
              </select>
              <code className="bname">{join.table.alias === join.table.name ? join.table.name : `${join.table.name} as ${join.table.alias}`}</code>
              <button type="button" className="btn ghost icon" aria-label={`Remove ${join.table.alias}`} onClick={() => onChange(withoutTable(query, join.table.alias))}>
                <X className="i" aria-hidden="true" />
              </button>
            </div>
            {join.kind !== 'cross' && <GroupRows desk={desk} group={join.on} name={`Join condition of ${join.table.alias}`} onChange={(on) => set(at, { on })} />}
          </li>
        ))}
      </ul>
      <div className="row flex-wrap">
        {offers.slice(0, 6).map((offer, at) => (
          <button key={at} type="button" className="btn" title={offer.pairs.map(([ours, theirs]) => `${offer.from.alias}.${ours} = ${offer.relation.name}.${theirs}`).join(', ')} onClick={() => onChange(withJoin(query, offer))}>
            + {offer.relation.name}
          </button>
        ))}
        <select
          className="bfield"
          aria-label="Join another table"
          value=""
          onChange={(event) => {
            const relation = schema.relations[Number(event.target.value)]
            if (event.target.value && relation) onChange(withTable(query, relation))
          }}
        >
          <option value="">Other table…</option>
          {schema.relations.map((relation, at) => (
            <option key={`${relation.schema}.${relation.name}`} value={at}>
              {relation.schema && relation.schema !== 'public' ? `${relation.schema}.` : ''}
              {relation.name}
            </option>
          ))}
        </select>
      </div>
    </section>
  )
}
