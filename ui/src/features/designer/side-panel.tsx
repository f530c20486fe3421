// Owns what stands beside the diagram: the chosen table with what can be done to it, and the staged changes.
import { Pencil, Plus, Trash2, Undo2 } from 'lucide-react'
import type { LiveColumn, LiveRelation } from '@/api/types'
import { ImpactLink } from '@/components/impact-link'
import { TypeGlyph } from '@/components/marks'
import { count, plural } from '@/lib/format'
import { linesOf } from './layout'
import { idOf, placeOf, describeChange, type Staged } from './staging'

export type Ask = { what: 'table' } | { what: 'rename'; relation: LiveRelation } | { what: 'column'; relation: LiveRelation; column: LiveColumn | null }

interface ChosenProps {
  relation: LiveRelation
  relations: LiveRelation[]
  editing: boolean
  stage: (changes: Staged[]) => void
  ask: (what: Ask) => void
  choose: (id: string) => void
}

export function ChosenTable({ relation, relations, editing, stage, ask, choose }: ChosenProps) {
  const at = placeOf(relation)
  const id = idOf(relation)
  const lines = linesOf(relations).filter((line) => line.from === id || line.to === id)
  const canEdit = editing && relation.kind === 'table'
  return (
    <section aria-label={`Table ${relation.name}`}>
      <div className="row">
        <h2 className="cut grow mono">{relation.name}</h2>
        {canEdit && (
          <>
            <button type="button" className="btn ghost icon" aria-label={`Rename ${relation.name}`} onClick={() => ask({ what: 'rename', relation })}>
              <Pencil className="i" aria-hidden="true" />
            </button>
            <button type="button" className="btn ghost icon" aria-label={`Drop ${relation.name}`} onClick={() => stage([{ kind: 'DropTable', ...at }])}>
              <Trash2 className="i" aria-hidden="true" />
            </button>
          </>
        )}
      </div>
      <p className="dim small">
        {plural(relation.columns.length, 'column')}
        {relation.rows !== null && relation.rows !== undefined && `, about ${count(relation.rows)} rows`}
      </p>
      <ul className="erdcolumns">
        {relation.columns.map((column) => (
          <li key={column.name} className="row">
            <TypeGlyph type={column.type ?? ''} primaryKey={relation.primary_key?.includes(column.name) ?? false} />
            <code className="cut grow">{column.name}</code>
            <span className="dim small cut">
              {column.type}
              {column.nullable ? '' : ' not null'}
            </span>
            <ImpactLink of={`${relation.name}.${column.name}`} />
            {canEdit && (
              <>
                <button type="button" className="btn ghost icon" aria-label={`Change ${column.name}`} onClick={() => ask({ what: 'column', relation, column })}>
                  <Pencil className="i" aria-hidden="true" />
                </button>
                <button type="button" className="btn ghost icon" aria-label={`Drop column ${column.name}`} onClick={() => stage([{ kind: 'DropColumn', ...at, column: column.name }])}>
                  <Trash2 className="i" aria-hidden="true" />
                </button>
              </>
            )}
          </li>
        ))}
      </ul>
      {canEdit && (
        <button type="button" className="btn" onClick={() => ask({ what: 'column', relation, column: null })}>
          <Plus className="i" aria-hidden="true" />
          Add column
        </button>
      )}
      {lines.length > 0 && <h3 className="pt-3">Foreign keys</h3>}
      <ul>
        {lines.map((line) => {
          const other = relations.find((one) => idOf(one) === (line.from === id ? line.to : line.from))
          return (
            <li key={line.id} className="row">
              <button type="button" className="link mono cut grow text-left" onClick={() => other && choose(idOf(other))}>
                {line.from === id ? `${line.columns.join(', ')} → ${other?.name ?? ''}` : `${other?.name ?? ''}.${line.columns.join(', ')} → ${line.refColumns.join(', ')}`}
              </button>
              {canEdit && line.from === id && (
                <button
                  type="button"
                  className="btn ghost icon"
                  aria-label={`Drop the foreign key ${line.columns.join(', ')}`}
                  onClick={() => stage([{ kind: 'DropForeignKey', ...at, columns: line.columns, name: relation.foreign_keys?.find((key) => key.columns.join() === line.columns.join())?.name ?? null }])}
                >
                  <Trash2 className="i" aria-hidden="true" />
                </button>
              )}
            </li>
          )
        })}
      </ul>
    </section>
  )
}

interface StagedListProps {
  changes: readonly Staged[]
  onRemove: (at: number) => void
  onDiscard: () => void
  onReview: () => void
}

export function StagedList({ changes, onRemove, onDiscard, onReview }: StagedListProps) {
  return (
    <section aria-label="Staged changes">
      <h2>{plural(changes.length, 'unsaved change')}</h2>
      <ol className="erdstaged">
        {changes.map((change, at) => (
          <li key={`${at} ${describeChange(change)}`} className="row">
            <span className="grow">{describeChange(change)}</span>
            <button type="button" className="btn ghost icon" aria-label={`Undo: ${describeChange(change)}`} onClick={() => onRemove(at)}>
              <Undo2 className="i" aria-hidden="true" />
            </button>
          </li>
        ))}
      </ol>
      <div className="row">
        <button type="button" className="btn primary" onClick={onReview}>
          Review SQL
        </button>
        <button type="button" className="btn" onClick={onDiscard}>
          Discard all
        </button>
      </div>
    </section>
  )
}
