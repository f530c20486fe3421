// Owns the structure of a database: each table's columns, keys and indexes, and changes to them by way of a preview.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { KeyRound, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { LiveRelation } from '@/api/types'
import { SelectField } from '@/components/field'
import { PageFrame, Panel, TableHead, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { liveSchemaQuery } from '@/features/databases/api'
import { useDatabase } from '@/lib/database-scope'
import { count } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { ChangeDialog, type Change } from './change-dialog'
import { addressOf } from './schema-tree'
import { FORMS, type Form } from './structure-forms'

const route = getRouteApi('/shell/p/$project/d/$database/structure')

function Columns({ relation, canEdit, onChange }: { relation: LiveRelation; canEdit: boolean; onChange: (change: Change) => void }) {
  return (
    <TableScroll label="Columns">
      <table className="table">
        <TableHead
          columns={[
            { name: 'Column' },
            { name: 'Type' },
            { name: 'Null', className: 'hide-p' },
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
              <td className="hide-p">{column.nullable ? 'null' : 'not null'}</td>
              <td className="mono dim hide-p cut">{column.identity ? 'identity' : (column.generated ?? column.default)}</td>
              <td>
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

function Indexes({ relation, canEdit, onChange }: { relation: LiveRelation; canEdit: boolean; onChange: (change: Change) => void }) {
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
          {canEdit && (
            <button
              type="button"
              className="btn ghost icon"
              aria-label={`Drop ${index.name ?? 'index'}`}
              onClick={() => onChange({ kind: 'DropIndex', table: relation.name, schema: relation.schema, name: index.name })}
            >
              <Trash2 className="i" aria-hidden="true" />
            </button>
          )}
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
      {indexes.length + keys.length === 0 && <li className="dim p-2">None but the primary key.</li>}
    </ul>
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
  const [changes, setChanges] = useState<readonly [Change] | null>(null)
  const canEdit = project.role !== 'viewer' && !database.read_only
  const preview = (next: Change) => {
    setForm(null)
    setChanges([next])
  }
  const open = (name: string) => void navigate({ to: '/p/$project/d/$database/structure', params: { project: project.id, database: database.id }, search: { table: name } })
  return (
    <PageFrame
      title="Structure"
      actions={
        canEdit && (
          <>
            <button type="button" className="btn" onClick={() => setForm('view')}>
              <Plus className="i" aria-hidden="true" />
              New view
            </button>
            <button type="button" className="btn primary" onClick={() => setForm('table')}>
              <Plus className="i" aria-hidden="true" />
              New table
            </button>
          </>
        )
      }
    >
      <Loaded query={schema}>
        {(found) => {
          const relation = found.relations.find((one) => addressOf(one) === table) ?? found.relations[0] ?? null
          const Chosen = form ? FORMS[form] : null
          return (
            <>
              {relation === null ? (
                <section className="panel" aria-label="Tables">
                  <EmptyState text="No tables yet. Make one here, or paste SQL into the editor." />
                </section>
              ) : (
                <>
                  <div className="row">
                    <SelectField
                      label="Table"
                      hideLabel
                      value={addressOf(relation)}
                      onChange={open}
                      options={found.relations.map((one) => ({ value: addressOf(one), label: `${addressOf(one)}${one.kind === 'table' ? '' : ` (${(one.kind ?? '').replace('_', ' ')})`}` }))}
                    />
                    {relation.rows !== null && relation.rows !== undefined && <span className="dim small">about {count(relation.rows)} rows</span>}
                    {relation.comment && <span className="dim cut hide-p">{relation.comment}</span>}
                    <span className="grow" />
                    {canEdit && (
                      <button type="button" className="btn" onClick={() => preview({ kind: 'DropTable', table: relation.name, schema: relation.schema })}>
                        <Trash2 className="i" aria-hidden="true" />
                        Drop
                      </button>
                    )}
                  </div>
                  <Panel
                    title="Columns"
                    aside={
                      canEdit && relation.kind === 'table' ? (
                        <button type="button" className="btn" onClick={() => setForm('column')}>
                          Add column
                        </button>
                      ) : undefined
                    }
                  >
                    <Columns relation={relation} canEdit={canEdit && relation.kind === 'table'} onChange={preview} />
                  </Panel>
                  <Panel
                    title="Indexes and keys"
                    aside={
                      canEdit && relation.kind !== 'view' ? (
                        <button type="button" className="btn" onClick={() => setForm('index')}>
                          Add index
                        </button>
                      ) : undefined
                    }
                  >
                    <Indexes relation={relation} canEdit={canEdit} onChange={preview} />
                  </Panel>
                  {relation.definition && (
                    <Panel title="Definition">
                      <pre className="mono p-4 scroll">{relation.definition}</pre>
                    </Panel>
                  )}
                </>
              )}
              {Chosen && <Chosen relation={relation} onChange={preview} onClose={() => setForm(null)} />}
            </>
          )
        }}
      </Loaded>
      {changes && (
        <ChangeDialog
          database={database}
          changes={changes}
          onClose={() => setChanges(null)}
          onApplied={() => {
            const [change] = changes
            if (change['kind'] === 'AddTable' && typeof change['table'] === 'string') open(change['table'])
            setChanges(null)
            void queries.invalidateQueries({ queryKey: ['databases', database.id, 'schema'] })
          }}
        />
      )}
    </PageFrame>
  )
}
