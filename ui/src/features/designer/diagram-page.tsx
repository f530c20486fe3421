// Owns the diagram of a database: tables and keys drawn, found by name, and changed by staging before anything is applied.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Pencil, Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import { toast } from 'sonner'
import type { LiveRelation } from '@/api/types'
import { SearchField } from '@/components/field'
import { usePageTitle } from '@/components/page'
import { EmptyState, ErrorNote, SkeletonRows } from '@/components/states'
import { liveSchemaQuery, useDatabaseEngine } from '@/features/databases/api'
import { ChangeDialog } from '@/features/structure/change-dialog'
import { useDatabase } from '@/lib/database-scope'
import { plural } from '@/lib/format'
import { homeOf, newTable } from '@/lib/new-table'
import { useProjectScope } from '@/lib/project-scope'
import { useNarrow } from '@/lib/use-narrow'
import DiagramCanvas, { type End } from './canvas'
import { DiagramContext } from './diagram-context'
import { ColumnForm, NameForm } from './forms'
import { ChosenTable, StagedList, type Ask } from './side-panel'
import { folded, idOf, keyBetween, placeOf, describeChange, type Staged } from './staging'
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

/** The schema with the staged changes, and what changes them. */
function useStagedSchema(live: LiveRelation[]) {
  const [changes, setChanges] = useState<Staged[]>([])
  const { relations, marks, kept: staged } = useMemo(() => folded(live, changes), [live, changes])
  /** Stages what fits; what does not is reported and left out. */
  const stage = (more: Staged[]) => {
    const next = folded(live, [...staged, ...more])
    if (next.kept.length < staged.length + more.length) toast.error(`This change does not apply: ${more.map(describeChange).join(', ')}.`)
    setChanges(next.kept)
  }
  const unstage = (at: number) => setChanges(folded(live, staged.filter((_, place) => place !== at)).kept)
  return { relations, marks, staged, stage, unstage, discard: () => setChanges([]) }
}

/** The tables that a search finds by their name or that of a column; null without a search. */
function useFoundTables(relations: readonly LiveRelation[], search: string): ReadonlySet<string> | null {
  const wanted = search.trim().toLowerCase()
  return useMemo(() => {
    const matches = (name: string) => name.toLowerCase().includes(wanted)
    return wanted ? new Set(relations.filter((relation) => matches(relation.name) || relation.columns.some((column) => matches(column.name))).map(idOf)) : null
  }, [relations, wanted])
}

interface ToolbarProps {
  relations: readonly LiveRelation[]
  found: ReadonlySet<string> | null
  search: string
  editing: boolean
  canEdit: boolean
  onSearch: (search: string) => void
  onShow: (id: string) => void
  onEdit: () => void
  onNewTable: () => void
}

function DiagramToolbar({ relations, found, search, editing, canEdit, onSearch, onShow, onEdit, onNewTable }: ToolbarProps) {
  const [first] = found ?? []
  return (
    <div className="toolbar">
      <SearchField label="Find a table or column" placeholder="Find a table or column" value={search} onChange={onSearch} />
      {found && <span className="dim small">{plural(found.size, 'table')}</span>}
      {first !== undefined && (
        <button type="button" className="btn" onClick={() => onShow(first)}>
          Show {relations.find((one) => idOf(one) === first)?.name}
        </button>
      )}
      <span className="grow" />
      <span className="dim small hide-p">{plural(relations.length, 'table')}</span>
      {canEdit && (
        <button type="button" className="btn" aria-pressed={editing} onClick={onEdit}>
          <Pencil className="i" aria-hidden="true" />
          Edit
        </button>
      )}
      {canEdit && editing && (
        <button type="button" className="btn primary" onClick={onNewTable}>
          <Plus className="i" aria-hidden="true" />
          New table
        </button>
      )}
    </div>
  )
}

interface QuestionsProps {
  ask: Ask | null
  relations: readonly LiveRelation[]
  onClose: () => void
  onCreate: (name: string) => void
  onRename: (relation: LiveRelation, name: string) => void
  onStage: (changes: Staged[]) => void
}

/** The form that is asked for: a new table, a new name, or a column. */
function Questions({ ask, relations, onClose, onCreate, onRename, onStage }: QuestionsProps) {
  const names = relations.map((one) => one.name)
  if (ask === null) return null
  if (ask.what === 'table') return <NameForm title="New table" action="OK" start="" taken={names} onClose={onClose} onDone={onCreate} />
  if (ask.what === 'rename') return <NameForm title={`Rename ${ask.relation.name}`} action="OK" start={ask.relation.name} taken={names} onClose={onClose} onDone={(name) => onRename(ask.relation, name)} />
  return <ColumnForm relation={ask.relation} column={ask.column} relations={relations} onClose={onClose} onDone={onStage} />
}

function NoTables({ canEdit, onCreate }: { canEdit: boolean; onCreate: () => void }) {
  return (
    <EmptyState text="No tables yet.">
      {canEdit && (
        <button type="button" className="btn primary" onClick={onCreate}>
          Create the first table
        </button>
      )}
    </EmptyState>
  )
}

/** Which table is selected, and the wish to see it. */
function useChosenTable() {
  const [chosen, choose] = useState<string | null>(null)
  const [show, setShow] = useState<{ id: string; wish: number } | null>(null)
  const go = (id: string) => {
    choose(id)
    setShow((before) => ({ id, wish: (before?.wish ?? 0) + 1 }))
  }
  return { chosen, choose, show, go }
}

function Diagram({ relations: live }: { relations: LiveRelation[] }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const queries = useQueryClient()
  const narrow = useNarrow()
  const { relations, marks, staged, stage, unstage, discard } = useStagedSchema(live)
  const { chosen, choose, show, go } = useChosenTable()
  const [editing, setEditing] = useState(false)
  const [search, setSearch] = useState('')
  const [ask, setAsk] = useState<Ask | null>(null)
  const [review, setReview] = useState<Staged[] | null>(null)
  const found = useFoundTables(relations, search)
  const arrangement = useArrangement(database.id, relations)
  const canEdit = project.role !== 'viewer' && !database.read_only && !narrow
  const context = useMemo(() => ({ chosen, choose, marks, editing: editing && canEdit, found }), [chosen, choose, marks, editing, canEdit, found])
  const relation = relations.find((one) => idOf(one) === chosen) ?? null
  const engine = useDatabaseEngine()
  const home = homeOf(live[0], engine)
  const hasPanel = relation !== null || staged.length > 0
  const answer = (changes: Staged[]) => {
    stage(changes)
    setAsk(null)
  }
  const create = (name: string) => {
    answer([newTable(name, home, engine)])
    choose(idOf({ name, schema: home }))
  }
  const rename = (old: LiveRelation, name: string) => {
    const id = idOf({ name, schema: old.schema })
    arrangement.follow(idOf(old), id)
    answer([{ kind: 'RenameTable', ...placeOf(old), new_name: name }])
    choose(id)
  }
  const connect = (from: End, to: End) => {
    if (from.relation !== to.relation || from.column !== to.column) answer([keyBetween(from, to)])
  }
  const newTableForm = () => {
    setEditing(true)
    setAsk({ what: 'table' })
  }
  const applied = () => {
    setReview(null)
    void queries.refetchQueries({ queryKey: ['databases', database.id, 'schema'] }).then(discard)
  }
  return (
    <DiagramContext value={context}>
      <DiagramToolbar {...{ relations, found, search, editing, canEdit }} onSearch={setSearch} onShow={go} onEdit={() => setEditing(!editing)} onNewTable={newTableForm} />
      <div className={`erdpage ${hasPanel ? 'has-panel' : ''}`}>
        {relations.length === 0 ? (
          <NoTables canEdit={canEdit} onCreate={newTableForm} />
        ) : (
          <DiagramCanvas relations={relations} positions={arrangement.positions} movable={!narrow} onMove={arrangement.move} onArrange={() => void arrangement.arrange()} onTie={connect} show={show} />
        )}
        {hasPanel && (
          <aside className="erdside" aria-label="Details" tabIndex={0}>
            {staged.length > 0 && <StagedList changes={staged} onRemove={unstage} onDiscard={discard} onReview={() => setReview(staged)} />}
            {relation && <ChosenTable relation={relation} relations={relations} editing={editing && canEdit} stage={answer} ask={setAsk} choose={go} />}
          </aside>
        )}
      </div>
      <Questions ask={ask} relations={relations} onClose={() => setAsk(null)} onCreate={create} onRename={rename} onStage={answer} />
      {review && <ChangeDialog database={database} changes={review} onClose={() => setReview(null)} onApplied={applied} />}
    </DiagramContext>
  )
}
