// Owns the fields of a collection, as a sample of its documents has them, with its indexes.
import type { LiveRelation } from '@/api/types'
import { TypeGlyph } from '@/components/marks'
import { count } from '@/lib/format'

export function FieldsPanel({ relation }: { relation: LiveRelation }) {
  return (
    <aside className="fieldspanel" aria-label="Fields">
      <h3>
        Fields <span className="dim">of {count(relation.inferred_from ?? 0)} sampled documents</span>
      </h3>
      <ul>
        {relation.columns.map((column) => (
          <li key={column.name} className="treerow">
            <TypeGlyph type={column.type ?? ''} primaryKey={column.name === '_id'} />
            <span className="mono cut grow" style={{ paddingLeft: `${(column.name.split('.').length - 1) * 12}px` }} title={column.name}>
              {column.name.split('.').at(-1)}
            </span>
            <span className="dim small cut">
              {column.type}
              {column.nullable ? ', optional' : ''}
            </span>
          </li>
        ))}
      </ul>
      <h3>Indexes</h3>
      <ul>
        {(relation.indexes ?? []).map((index) => (
          <li key={index.name ?? index.columns.join()} className="treerow">
            <span className="mono cut grow">{index.columns.join(', ')}</span>
            {index.unique && <span className="chip">unique</span>}
          </li>
        ))}
        {(relation.indexes ?? []).length === 0 && <li className="dim small">Only the _id index.</li>}
      </ul>
    </aside>
  )
}
