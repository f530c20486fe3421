// Owns the documents of one collection: filtered, sorted, page after page.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { toast } from 'sonner'
import type { Entry, Holder, LiveRelation } from '@/api/types'
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

export function DocumentList({ holder, relation }: { holder: Holder; relation: LiveRelation | null }) {
  const database = useDatabase()
  const [wanted, setWanted] = useState({ filter: '', sort: '' })
  const [typed, setTyped] = useState(wanted)
  const [asTree, setAsTree] = useState(true)
  const [fields, setFields] = useState(false)
  const [editing, setEditing] = useState<{ entry: Entry | null } | null>(null)
  const [doomed, setDoomed] = useState<Entry | null>(null)
  const pages = useInfiniteQuery(entriesQuery(database.id, { holder: holder.name, ...wanted, limit: PAGE }))
  const { canWrite: mayWrite, send, question } = useChange()
  const canWrite = mayWrite && holder.kind === 'collection'
  const items = pages.data?.pages.flatMap((page) => page.items) ?? []
  const total = pages.data?.pages[0]?.total ?? null
  const search = (event: FormEvent) => {
    event.preventDefault()
    if (typed.filter === wanted.filter && typed.sort === wanted.sort) void pages.refetch()
    setWanted(typed)
  }
  const remove = async () => {
    if (doomed === null) return
    const answer = await send({ kind: 'delete', holder: holder.name, id: doomed.id, was: doomed.body })
    if (answer && !answer.applied) toast.error('Somebody else changed or deleted this document meanwhile. Look at it again.')
  }
  return (
    <>
      <form className="runbar docbar" role="search" aria-label="Documents" onSubmit={search}>
        <h2 className="mono cut">{holder.name}</h2>
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
        <div className="seg" role="group" aria-label="How documents are shown">
          <button type="button" aria-pressed={asTree} onClick={() => setAsTree(true)}>
            Tree
          </button>
          <button type="button" aria-pressed={!asTree} onClick={() => setAsTree(false)}>
            JSON
          </button>
        </div>
        {relation && (
          <button type="button" className="btn ghost hide-p" aria-pressed={fields} onClick={() => setFields(!fields)}>
            Fields
          </button>
        )}
        {canWrite && (
          <button type="button" className="btn" onClick={() => setEditing({ entry: null })}>
            <Plus className="i" aria-hidden="true" />
            Insert
          </button>
        )}
      </form>
      <div className={`docsplit ${fields && relation ? 'with-fields' : ''}`}>
        <div className="scroll docscroll" tabIndex={0} role="region" aria-label={`Documents of ${holder.name}`}>
          {pages.isPending && <SkeletonRows />}
          {pages.error && (
            <div className="p-4">
              <ErrorNote error={pages.error} />
            </div>
          )}
          {pages.data && !pages.error && items.length === 0 && <EmptyState text={wanted.filter ? 'No document fits.' : 'No documents yet.'} />}
          <ul className="doclist">
            {items.map((entry) => (
              <DocumentCard key={entry.id} holder={holder.name} entry={entry} asTree={asTree} canWrite={canWrite} onEdit={(one) => setEditing({ entry: one })} onDelete={setDoomed} />
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
        {fields && relation && <FieldsPanel relation={relation} />}
      </div>
      <footer className="statusbar">
        <span>{total === null ? plural(items.length, 'document') : `${count(items.length)} of ${plural(total, 'document')}`}</span>
        {holder.kind === 'view' && <span>A view: its documents are edited where they come from.</span>}
        {database.protected && <span className="t-warn">protected: writes ask first</span>}
      </footer>
      {editing && <DocumentEditor holder={holder.name} entry={editing.entry} send={send} onClose={() => setEditing(null)} />}
      {doomed && (
        <ConfirmDialog
          title="Delete the document?"
          text={`${idText(doomed.id)} in ${holder.name}. This cannot be undone.`}
          action="Delete"
          open
          onOpenChange={(open) => !open && setDoomed(null)}
          onConfirm={remove}
        />
      )}
      {question}
    </>
  )
}
