// Owns the structure of a database: each table's columns, keys and indexes, and changes to them by way of a preview.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { KeyRound, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { LiveRelation, SchemaChange } from '@/api/types'
import { SelectField } from '@/components/field'
import { ImpactLink } from '@/components/impact-link'
import { PageFrame, Panel, TableHead, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { liveSchemaQuery } from '@/features/databases/api'
import { useDatabase } from '@/lib/database-scope'
import { count } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { ChangeDialog } from './change-dialog'
import { tableAddress } from '@/lib/table-name'
import { FORMS, type Form } from './structure-forms'

const route = getRouteApi('/shell/p/$project/d/$database/structure')

function Columns({ relation, canEdit, onChange }: { relation: LiveRelation; canEdit: boolean; onChange: (change: SchemaChange) => void }) {
  return (
    <TableScroll label="Columns">
      <table className="table">
        <TableHead
          columns={[
            { name: 'Column' },
            { name: 'Type' },
            { name: 'Nullable', className: 'hide-p' },
            { name: 'Default', className: 'hide-p' },
            { name: 'Drop', unseen: true },
          ]}
        />
        <tbody>
          {relation.columns.map((column) => (
            <tr key={column.name}>
              <td className="mono">
                <span className="row">
                  {relation.primary_key?.includes(column.name) && <KeyRound className="i dim" aria-label="primary key" />}
                  {column.name}
                </span>
              </td>
              <td className="mono dim">{column.type}</td>
              <td className="hide-p">{column.nullable ? 'yes' : 'no'}</td>
              <td className="mono dim hide-p cut">{column.identity ? 'identity' : (column.generated ?? column.default)}</td>
              <td className="whitespace-nowrap">
                <ImpactLink of={`${relation.name}.${column.name}`} />
                {canEdit && (
                  <button
                    type="button"
                    className="btn ghost icon"
                    aria-label={`Drop ${column.name}`}
                    onClick={() => onChange({ kind: 'DropColumn', table: relation.name, schema: relation.schema, column: column.name })}
                  >
                    <Trash2 className="i" aria-hidden="true" />
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

function DropIndexButton({ relation, name, onChange }: { relation: LiveRelation; name: string; onChange: (change: SchemaChange) => void }) {
  const drop = () => onChange({ kind: 'DropIndex', table: relation.name, schema: relation.schema, name })
  return (
    <button type="button" className="btn ghost icon" aria-label={`Drop ${name}`} onClick={drop}>
      <Trash2 className="i" aria-hidden="true" />
    </button>
  )
}

function Indexes({ relation, canEdit, onChange }: { relation: LiveRelation; canEdit: boolean; onChange: (change: SchemaChange) => void }) {
  const indexes = relation.indexes ?? []
  const keys = relation.foreign_keys ?? []
  return (
    <ul className="list p-2">
      {indexes.map((index) => (
        <li key={index.name} className="row p-1 px-2">
          <span className="mono cut">{index.name}</span>
          <span className="dim mono cut grow">
            ({index.columns.join(', ')}){index.where ? ` where ${index.where}` : ''}
          </span>
          {index.unique && <span className="chip">unique</span>}
          {canEdit && index.name && <DropIndexButton relation={relation} name={index.name} onChange={onChange} />}
        </li>
      ))}
      {keys.map((key) => (
        <li key={key.name ?? key.columns.join()} className="row p-1 px-2">
          <span className="mono cut grow">
            ({key.columns.join(', ')}) → {key.ref_table} ({(key.ref_columns ?? []).join(', ')})
          </span>
          <span className="chip">foreign key</span>
        </li>
      ))}
      {indexes.length + keys.length === 0 && <li className="dim p-2">No indexes besides the primary key.</li>}
    </ul>
  )
}

interface RelationProps {
  relation: LiveRelation
  relations: readonly LiveRelation[]
  canEdit: boolean
  onOpen: (name: string) => void
  onForm: (form: Form) => void
  onChange: (change: SchemaChange) => void
}

const kindLabel = ({ kind }: LiveRelation) => (kind === 'table' ? '' : ` (${kind.replace('_', ' ')})`)

function RelationBar({ relation, relations, canEdit, onOpen, onChange }: RelationProps) {
  return (
    <div className="row">
      <SelectField label="Table" hideLabel value={tableAddress(relation)} onChange={onOpen} options={relations.map((one) => ({ value: tableAddress(one), label: tableAddress(one) + kindLabel(one) }))} />
      {relation.rows !== null && <span className="dim small">about {count(relation.rows)} rows</span>}
      {relation.comment && <span className="dim cut hide-p">{relation.comment}</span>}
      <span className="grow" />
      {canEdit && (
        <button type="button" className="btn" onClick={() => onChange({ kind: 'DropTable', table: relation.name, schema: relation.schema })}>
          <Trash2 className="i" aria-hidden="true" />
          Drop
        </button>
      )}
    </div>
  )
}

function RelationPanels({ relation, canEdit, onForm, onChange }: RelationProps) {
  const isTable = relation.kind === 'table'
  const add = (form: Form, label: string) => (
    <button type="button" className="btn" onClick={() => onForm(form)}>
      {label}
    </button>
  )
  return (
    <>
      <Panel title="Columns" aside={canEdit && isTable ? add('column', 'Add column') : undefined}>
        <Columns relation={relation} canEdit={canEdit && isTable} onChange={onChange} />
      </Panel>
      <Panel title="Indexes and keys" aside={canEdit && relation.kind !== 'view' ? add('index', 'Add index') : undefined}>
        <Indexes relation={relation} canEdit={canEdit} onChange={onChange} />
      </Panel>
      {relation.definition && (
        <Panel title="Definition">
          <pre className="mono p-4 scroll">{relation.definition}</pre>
        </Panel>
      )}
    </>
  )
}

function NewButtons({ onForm }: { onForm: (form: Form) => void }) {
  return (
    <>
      <button type="button" className="btn" onClick={() => onForm('view')}>
        <Plus className="i" aria-hidden="true" />
        New view
      </button>
      <button type="button" className="btn primary" onClick={() => onForm('table')}>
        <Plus className="i" aria-hidden="true" />
        New table
      </button>
    </>
  )
}

export function StructurePage() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const { table } = route.useSearch()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const schema = useQuery(liveSchemaQuery(database.id))
  const [form, setForm] = useState<Form>(null)
  const [changes, setChanges] = useState<readonly [SchemaChange] | null>(null)
  const canEdit = project.role !== 'viewer' && !database.read_only
  const relations = schema.data?.relations ?? []
  const relation = relations.find((one) => tableAddress(one) === table) ?? relations[0] ?? null
  const ChosenForm = form ? FORMS[form] : null
  const preview = (next: SchemaChange) => {
    setForm(null)
    setChanges([next])
  }
  const open = (name: string) => void navigate({ to: '/p/$project/d/$database/structure', params: { project: project.id, database: database.id }, search: { table: name } })
  const applied = () => {
    const change = changes?.[0]
    if (change?.['kind'] === 'AddTable' && typeof change['table'] === 'string') open(change['table'])
    setChanges(null)
    void queries.invalidateQueries({ queryKey: ['databases', database.id, 'schema'] })
  }
  const shared = { relations, canEdit, onOpen: open, onForm: setForm, onChange: preview }
  return (
    <PageFrame title="Structure" actions={canEdit && <NewButtons onForm={setForm} />}>
      <Loaded query={schema}>
        {() =>
          relation === null ? (
            <section className="panel" aria-label="Tables">
              <EmptyState text="No tables yet. Create one here, or run SQL in the editor." />
            </section>
          ) : (
            <>
              <RelationBar relation={relation} {...shared} />
              <RelationPanels relation={relation} {...shared} />
            </>
          )
        }
      </Loaded>
      {ChosenForm && <ChosenForm relation={relation} onChange={preview} onClose={() => setForm(null)} />}
      {changes && <ChangeDialog database={database} changes={changes} onClose={() => setChanges(null)} onApplied={applied} />}
    </PageFrame>
  )
}
