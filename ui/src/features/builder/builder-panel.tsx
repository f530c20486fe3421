// Owns the visual query builder: the parts of the statement at the caret, or why it cannot be drawn.
import { Shapes } from 'lucide-react'
import type { DrawnQuery, LiveSchema } from '@/api/types'
import { EmptyState } from '@/components/states'
import { GroupRows } from './filters'
import { newQuery } from './model'
import { Order, Shown } from './columns-and-order'
import { Sources } from './sources'
import { useDrawing } from './use-drawing'

function Start({ schema, onChoose }: { schema: LiveSchema; onChoose: (query: DrawnQuery) => void }) {
  return (
    <select
      className="bfield"
      aria-label="Start with a table"
      value=""
      onChange={(event) => {
        const relation = schema.relations[Number(event.target.value)]
        if (event.target.value && relation) onChoose(newQuery(relation))
      }}
    >
      <option value="">Start with a table…</option>
      {schema.relations.map((relation, at) => (
        <option key={`${relation.schema}.${relation.name}`} value={at}>
          {relation.schema && relation.schema !== 'public' ? `${relation.schema}.` : ''}
          {relation.name}
        </option>
      ))}
    </select>
  )
}

interface BuilderProps {
  database: string
  schema: LiveSchema
  text: string
  caret: () => number
  put: (text: string) => void
}

export default function BuilderPanel({ database, schema, text, caret, put }: BuilderProps) {
  const { query, refusal, missing, change, begin } = useDrawing(database, text, caret, put)
  if (refusal) {
    return (
      <section className="builder" aria-label="Builder">
        <div role="status" className="note m-3">
          <Shapes className="i dim" aria-hidden="true" />
          <div className="grow">
            <p>
              {refusal.clause && <code>{refusal.clause}</code>} {refusal.message}
            </p>
            <p className="dim">This statement can't be shown in the builder. Edit the SQL, or start a new query below it.</p>
            {schema.relations.length > 0 && (
              <p className="pt-2">
                <Start schema={schema} onChoose={begin} />
              </p>
            )}
          </div>
        </div>
      </section>
    )
  }
  if (!query) {
    return (
      <section className="builder" aria-label="Builder">
        <EmptyState text={schema.relations.length === 0 ? 'There are no tables yet.' : 'The editor is empty.'}>
          {schema.relations.length > 0 && <Start schema={schema} onChoose={begin} />}
        </EmptyState>
      </section>
    )
  }
  const grouped = query.having.items.length > 0 || query.picks.some((pick) => pick.aggregate !== '')
  return (
    <section className="builder" aria-label="Builder">
      <p role="status" className={`bmissing small ${missing ? 't-warn' : 'sr'}`}>
        {missing ?? 'The SQL follows the builder.'}
      </p>
      <Sources query={query} schema={schema} onChange={change} />
      <Shown query={query} schema={schema} onChange={change} />
      <section className="bpart" aria-label="Filters">
        <h2>Filters</h2>
        <GroupRows desk={{ query, schema }} group={query.where} name="Filter" onChange={(where) => change({ ...query, where })} />
      </section>
      {grouped && (
        <section className="bpart" aria-label="HAVING">
          <h2>HAVING</h2>
          <GroupRows desk={{ query, schema }} group={query.having} name="HAVING condition" aggregates onChange={(having) => change({ ...query, having })} />
        </section>
      )}
      <Order query={query} schema={schema} onChange={change} />
    </section>
  )
}
