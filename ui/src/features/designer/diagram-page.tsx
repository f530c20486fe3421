// Owns the diagram of a database: tables and keys drawn, found by name, and changed by staging before anything is applied.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Pencil, Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import { toast } from 'sonner'
import type { LiveRelation } from '@/api/types'
import { SearchField } from '@/components/field'
import { usePageTitle } from '@/components/page'
import { EmptyState, ErrorNote, SkeletonRows } from '@/components/states'
import { liveSchemaQuery } from '@/features/databases/api'
import { ChangeDialog } from '@/features/query/change-dialog'
import { useDatabase } from '@/lib/database-scope'
import { plural } from '@/lib/format'
import { homeOf, newTable } from '@/lib/new-table'
import { useProjectScope } from '@/lib/project-scope'
import { useNarrow } from '@/lib/use-narrow'
import DiagramCanvas, { type End } from './canvas'
import { DiagramContext } from './diagram-context'
import { ColumnForm, NameForm } from './forms'
import { ChosenTable, StagedList, type Ask } from './side-panel'
import { folded, idOf, keyBetween, placeOf, told, type Staged } from './staging'
import { useArrangement } from './use-arrangement'

const NONE: LiveRelation[] = []

export function DiagramPage() {
  const database = useDatabase()
  const schema = useQuery(liveSchemaQuery(database.id))
  usePageTitle(`Diagram · ${database.name}`)
  return (
    <>
      <h1 className="sr">Diagram of {database.name}</h1>
      {schema.error && (
        <div className="p-4">
          <ErrorNote error={schema.error} retry={() => void schema.refetch()} />
        </div>
      )}
      {schema.isPending && <SkeletonRows />}
      {schema.data && <Diagram key={database.id} relations={schema.data.relations ?? NONE} />}
    </>
  )
}

function Diagram({ relations: live }: { relations: LiveRelation[] }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const queries = useQueryClient()
  const narrow = useNarrow()
  const [changes, setChanges] = useState<Staged[]>([])
  const [editing, setEditing] = useState(false)
  const [chosen, setChosen] = useState<string | null>(null)
  const [show, setShow] = useState<{ id: string; wish: number } | null>(null)
  const [search, setSearch] = useState('')
  const [ask, setAsk] = useState<Ask | null>(null)
  const [review, setReview] = useState<Staged[] | null>(null)
  const { relations, marks, kept } = useMemo(() => folded(live, changes), [live, changes])
  const arrangement = useArrangement(database.id, relations)
  const canEdit = project.role !== 'viewer' && !database.read_only && !narrow
  const wanted = search.trim().toLowerCase()
  const found = useMemo(
    () => (wanted ? new Set(relations.filter((one) => one.name.toLowerCase().includes(wanted) || one.columns.some((column) => column.name.toLowerCase().includes(wanted))).map(idOf)) : null),
    [relations, wanted],
  )
  const context = useMemo(() => ({ chosen, choose: setChosen, marks, editing: editing && canEdit, found }), [chosen, marks, editing, canEdit, found])
  const relation = relations.find((one) => idOf(one) === chosen) ?? null
  const go = (id: string) => {
    setChosen(id)
    setShow((before) => ({ id, wish: (before?.wish ?? 0) + 1 }))
  }
  /** Stages what fits; what does not is told, not kept. */
  const stage = (more: Staged[]) => {
    const next = folded(live, [...kept, ...more])
    if (next.kept.length < kept.length + more.length) toast.error(`This does not fit: ${more.map(told).join(', ')}.`)
    setChanges(next.kept)
    setAsk(null)
  }
  const tie = (from: End, to: End) => {
    if (from.relation === to.relation && from.column === to.column) return
    stage([keyBetween(from, to)])
  }
  const rename = (old: LiveRelation, name: string) => {
    const id = idOf({ name, schema: old.schema })
    arrangement.follow(idOf(old), id)
    stage([{ kind: 'RenameTable', ...placeOf(old), new_name: name }])
    setChosen(id)
  }
  const names = relations.map((one) => one.name)
  const home = homeOf(live[0], database.engine)
  return (
    <DiagramContext value={context}>
      <div className="toolbar">
        <SearchField label="Find a table or column" placeholder="Find a table or column" value={search} onChange={setSearch} />
        {found && <span className="dim small">{plural(found.size, 'table')}</span>}
        {found && [...found][0] && (
          <button type="button" className="btn" onClick={() => go([...found][0] ?? '')}>
            Show {relations.find((one) => idOf(one) === [...found][0])?.name}
          </button>
        )}
        <span className="grow" />
        <span className="dim small hide-p">{plural(relations.length, 'table')}</span>
        {canEdit && (
          <>
            <button type="button" className="btn" aria-pressed={editing} onClick={() => setEditing(!editing)}>
              <Pencil className="i" aria-hidden="true" />
              Edit
            </button>
            {editing && (
              <button type="button" className="btn primary" onClick={() => setAsk({ what: 'table' })}>
                <Plus className="i" aria-hidden="true" />
                New table
              </button>
            )}
          </>
        )}
      </div>
      <div className={`erdpage ${relation || kept.length > 0 ? 'beside' : ''}`}>
        {relations.length === 0 ? (
          <EmptyState text="No tables yet.">
            {canEdit && (
              <button type="button" className="btn primary" onClick={() => { setEditing(true); setAsk({ what: 'table' }) }}>
                Draw the first table
              </button>
            )}
          </EmptyState>
        ) : (
          <DiagramCanvas relations={relations} positions={arrangement.positions} movable={!narrow} onMove={arrangement.move} onArrange={() => void arrangement.arrange()} onTie={tie} show={show} />
        )}
        {(relation || kept.length > 0) && (
          <aside className="erdside" aria-label="Details" tabIndex={0}>
            {kept.length > 0 && <StagedList changes={kept} onRemove={(at) => setChanges(folded(live, kept.filter((_, place) => place !== at)).kept)} onDiscard={() => setChanges([])} onReview={() => setReview(kept)} />}
            {relation && <ChosenTable relation={relation} relations={relations} editing={editing && canEdit} stage={stage} ask={setAsk} choose={go} />}
          </aside>
        )}
      </div>
      {ask?.what === 'table' && (
        <NameForm
          title="New table" action="Stage" start="" taken={names} onClose={() => setAsk(null)}
          onDone={(name) => { stage([newTable(name, home, database.engine)]); setChosen(idOf({ name, schema: home })) }}
        />
      )}
      {ask?.what === 'rename' && <NameForm title={`Rename ${ask.relation.name}`} action="Stage" start={ask.relation.name} taken={names} onClose={() => setAsk(null)} onDone={(name) => rename(ask.relation, name)} />}
      {ask?.what === 'column' && <ColumnForm relation={ask.relation} column={ask.column} relations={relations} onClose={() => setAsk(null)} onDone={stage} />}
      {review && (
        <ChangeDialog
          database={database}
          changes={review}
          onClose={() => setReview(null)}
          onApplied={() => {
            setReview(null)
            void queries.refetchQueries({ queryKey: ['databases', database.id, 'schema'] }).then(() => setChanges([]))
          }}
        />
      )}
    </DiagramContext>
  )
}
