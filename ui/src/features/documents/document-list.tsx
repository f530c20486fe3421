// Owns the documents of one collection: filtered, sorted, page after page.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { toast } from 'sonner'
import type { Entry, Holder, LiveRelation } from '@/api/types'
import { Segmented } from '@/components/field'
import { EmptyState, ErrorNote, SkeletonRows } from '@/components/states'
import { ConfirmDialog } from '@/components/ui/dialog'
import { useDatabase } from '@/lib/database-scope'
import { idText } from '@/lib/extended-json'
import { count, plural } from '@/lib/format'
import { entriesQuery } from './api'
import { DocumentCard } from './document-card'
import { DocumentEditor } from './document-editor'
import { FieldsPanel } from './fields-panel'
import { useChange } from './use-change'

const PAGE = 25

interface Wanted {
  filter: string
  sort: string
}

interface BarProps {
  title: string
  wanted: Wanted
  view: View
  fields: boolean | null
  onFind: (wanted: Wanted) => void
  onView: (view: View) => void
  onFields: () => void
  /** null for those who may not write. */
  onInsert: (() => void) | null
}

type View = 'tree' | 'json'

const VIEWS: readonly { value: View; label: string }[] = [
  { value: 'tree', label: 'Tree' },
  { value: 'json', label: 'JSON' },
]

function DocumentBar({ title, wanted, view, fields, onFind, onView, onFields, onInsert }: BarProps) {
  const [typed, setTyped] = useState(wanted)
  const search = (event: FormEvent) => {
    event.preventDefault()
    onFind(typed)
  }
  return (
    <form className="runbar docbar" role="search" aria-label="Documents" onSubmit={search}>
      <h2 className="mono cut">{title}</h2>
      <label className="field grow">
        <span className="dim small">Filter</span>
        <input className="mono" placeholder="{ total: { $gt: 5 } }" spellCheck={false} value={typed.filter} onChange={(event) => setTyped({ ...typed, filter: event.target.value })} />
      </label>
      <label className="field">
        <span className="dim small">Sort</span>
        <input className="mono" placeholder="{ _id: -1 }" spellCheck={false} value={typed.sort} onChange={(event) => setTyped({ ...typed, sort: event.target.value })} />
      </label>
      <button type="submit" className="btn primary">
        Find
      </button>
      <Segmented label="View documents as" value={view} options={VIEWS} onChange={onView} />
      {fields !== null && (
        <button type="button" className="btn ghost hide-p" aria-pressed={fields} onClick={onFields}>
          Fields
        </button>
      )}
      {onInsert && (
        <button type="button" className="btn" onClick={onInsert}>
          <Plus className="i" aria-hidden="true" />
          Insert
        </button>
      )}
    </form>
  )
}

interface PagesProps {
  holder: Holder
  wanted: Wanted
  view: View
  canWrite: boolean
  onEdit: (entry: Entry) => void
  onDelete: (entry: Entry) => void
}

function useEntries(holder: Holder, wanted: Wanted) {
  const database = useDatabase()
  return useInfiniteQuery(entriesQuery(database.id, { holder: holder.name, ...wanted, limit: PAGE }))
}

function DocumentPages({ holder, wanted, view, canWrite, onEdit, onDelete }: PagesProps) {
  const pages = useEntries(holder, wanted)
  const items = pages.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <div className="scroll docscroll" tabIndex={0} role="region" aria-label={`Documents of ${holder.name}`}>
      {pages.isPending && <SkeletonRows />}
      {pages.error && (
        <div className="p-4">
          <ErrorNote error={pages.error} />
        </div>
      )}
      {pages.data && !pages.error && items.length === 0 && <EmptyState text={wanted.filter ? 'No document matches the filter.' : 'No documents yet.'} />}
      <ul className="doclist">
        {items.map((entry) => (
          <DocumentCard key={entry.id} holder={holder.name} entry={entry} asTree={view === 'tree'} canWrite={canWrite} onEdit={onEdit} onDelete={onDelete} />
        ))}
      </ul>
      {pages.hasNextPage && (
        <p className="p-4">
          <button type="button" className="btn" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            More documents
          </button>
        </p>
      )}
    </div>
  )
}

function DocumentStatus({ holder, wanted }: { holder: Holder; wanted: Wanted }) {
  const database = useDatabase()
  const pages = useEntries(holder, wanted).data?.pages ?? []
  const loaded = pages.reduce((sum, page) => sum + page.items.length, 0)
  const total = pages[0]?.total ?? null
  return (
    <footer className="statusbar">
      <span>{total === null ? plural(loaded, 'document') : `${count(loaded)} of ${plural(total, 'document')}`}</span>
      {holder.kind === 'view' && <span>A view: edit its documents in the collection they come from.</span>}
      {database.protected && <span className="t-warn">protected: asks before writes</span>}
    </footer>
  )
}

export function DocumentList({ holder, relation }: { holder: Holder; relation: LiveRelation | null }) {
  const [wanted, setWanted] = useState<Wanted>({ filter: '', sort: '' })
  const [view, setView] = useState<View>('tree')
  const [fields, setFields] = useState(false)
  const [editing, setEditing] = useState<{ entry: Entry | null } | null>(null)
  const [deleting, setDeleting] = useState<Entry | null>(null)
  const { refetch } = useEntries(holder, wanted)
  const { canWrite: mayWrite, send, question } = useChange()
  const canWrite = mayWrite && holder.kind === 'collection'
  const find = (next: Wanted) => {
    if (next.filter === wanted.filter && next.sort === wanted.sort) void refetch()
    setWanted(next)
  }
  const remove = async () => {
    if (deleting === null) return
    const answer = await send({ kind: 'delete', holder: holder.name, id: deleting.id, was: deleting.body })
    if (answer && !answer.applied) toast.error('Somebody else changed or deleted this document in the meantime. Check it again.')
  }
  return (
    <>
      <DocumentBar
        title={holder.name}
        wanted={wanted}
        view={view}
        fields={relation ? fields : null}
        onFind={find}
        onView={setView}
        onFields={() => setFields(!fields)}
        onInsert={canWrite ? () => setEditing({ entry: null }) : null}
      />
      <div className={`docsplit ${fields && relation ? 'with-fields' : ''}`}>
        <DocumentPages holder={holder} wanted={wanted} view={view} canWrite={canWrite} onEdit={(entry) => setEditing({ entry })} onDelete={setDeleting} />
        {fields && relation && <FieldsPanel relation={relation} />}
      </div>
      <DocumentStatus holder={holder} wanted={wanted} />
      {editing && <DocumentEditor holder={holder.name} entry={editing.entry} send={send} onClose={() => setEditing(null)} />}
      {deleting && (
        <ConfirmDialog
          title="Delete the document?"
          text={`${idText(deleting.id)} in ${holder.name}. This cannot be undone.`}
          action="Delete"
          open
          onOpenChange={(open) => !open && setDeleting(null)}
          onConfirm={remove}
        />
      )}
      {question}
    </>
  )
}
