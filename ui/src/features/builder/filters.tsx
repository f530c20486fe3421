// Owns conditions: rows of term, operator and values, in groups of which all or any must hold.
import { Plus, X } from 'lucide-react'
import type { DrawnCondition, DrawnGroup } from '@/api/types'
import { AggregateField, TermField, Values, WordField, type Desk } from './fields'
import { column, isGroup, relationOf, withOperator } from './model'

const OPERATORS: readonly DrawnCondition['operator'][] = ['=', '!=', '<', '<=', '>', '>=', 'like', 'not like', 'ilike', 'not ilike', 'in', 'not in', 'between', 'not between', 'is null', 'is not null']

interface ConditionProps {
  desk: Desk
  condition: DrawnCondition
  aggregates: boolean
  name: string
  onChange: (condition: DrawnCondition) => void
  onRemove: () => void
}

function ConditionRow({ desk, condition, aggregates, name, onChange, onRemove }: ConditionProps) {
  return (
    <li className="brow">
      {aggregates && condition.operator !== 'holds' && <AggregateField label={`${name}: aggregate`} value={condition.aggregate} onChange={(aggregate) => onChange({ ...condition, aggregate })} />}
      {condition.operator === 'holds' ? (
        <WordField label={`${name}, an expression`} className="mono grow" value={condition.term.value} onChange={(value) => onChange({ ...condition, term: { kind: 'expression', table: '', value } })} />
      ) : (
        <>
          <TermField desk={desk} label={`${name}: column`} term={condition.term} stars={aggregates} onChange={(term) => onChange({ ...condition, term })} />
          <select className="bfield" aria-label={`${name}: operator`} value={condition.operator} onChange={(event) => onChange(withOperator(condition, event.target.value as DrawnCondition['operator']))}>
            {OPERATORS.map((operator) => (
              <option key={operator} value={operator}>
                {operator}
              </option>
            ))}
          </select>
          <Values desk={desk} condition={condition} label={name} onChange={onChange} />
        </>
      )}
      <button type="button" className="btn ghost icon" aria-label={`Remove ${name}`} onClick={onRemove}>
        <X className="i" aria-hidden="true" />
      </button>
    </li>
  )
}

interface GroupProps {
  desk: Desk
  group: DrawnGroup
  name: string
  aggregates?: boolean
  onChange: (group: DrawnGroup) => void
  onRemove?: () => void
}

export function GroupRows({ desk, group, name, aggregates = false, onChange, onRemove }: GroupProps) {
  const { table } = desk.query
  const first = aggregates ? { kind: 'star' as const, table: '', value: '' } : column(table.alias, relationOf(table, desk.schema)?.columns[0]?.name ?? '')
  const fresh: DrawnCondition = { term: first, operator: aggregates ? '>' : '=', values: [{ kind: aggregates ? 'number' : 'text', value: aggregates ? '1' : '', table: '' }], aggregate: aggregates ? 'count' : '' }
  const set = (at: number, item: DrawnGroup['items'][number] | null) =>
    onChange({ ...group, items: group.items.flatMap((one, place): DrawnGroup['items'] => (place === at ? (item ? [item] : []) : [one])) })
  return (
    <div className="bgroup">
      {(group.items.length > 1 || onRemove) && (
        <div className="row">
          <div className="segmented" role="group" aria-label={`${name}: match all or any`}>
            <button type="button" aria-pressed={group.all} onClick={() => onChange({ ...group, all: true })}>
              all
            </button>
            <button type="button" aria-pressed={!group.all} onClick={() => onChange({ ...group, all: false })}>
              any
            </button>
          </div>
          <span className="dim small">of the following</span>
          {onRemove && (
            <button type="button" className="btn ghost icon" aria-label={`Remove the group ${name}`} onClick={onRemove}>
              <X className="i" aria-hidden="true" />
            </button>
          )}
        </div>
      )}
      <ul>
        {group.items.map((item, at) =>
          isGroup(item) ? (
            <li key={at}>
              <GroupRows desk={desk} group={item} name={`${name} ${at + 1}`} aggregates={aggregates} onChange={(next) => set(at, next)} onRemove={() => set(at, null)} />
            </li>
          ) : (
            <ConditionRow key={at} desk={desk} condition={item} aggregates={aggregates} name={`${name} ${at + 1}`} onChange={(next) => set(at, next)} onRemove={() => set(at, null)} />
          ),
        )}
      </ul>
      <div className="row">
        <button type="button" className="btn ghost" onClick={() => onChange({ ...group, items: [...group.items, fresh] })}>
          <Plus className="i" aria-hidden="true" />
          {name}
        </button>
        {group.items.length > 0 && (
          <button type="button" className="btn ghost" onClick={() => onChange({ ...group, items: [...group.items, { all: !group.all, items: [fresh, fresh] }] })}>
            <Plus className="i" aria-hidden="true" />
            Group
          </button>
        )}
      </div>
    </div>
  )
}
