// Owns the parts of a key: fields of a hash, items of a list, members of sets, entries of a stream.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { toast } from 'sonner'
import type { Entry, EntryChange, EntryChangeAnswer, Part } from '@/api/types'
import { SearchField } from '@/components/field'
import { TableHead, TableScroll } from '@/components/page'
import { EmptyState, ErrorNote, SkeletonRows } from '@/components/states'
import { useDatabase } from '@/lib/database-scope'
import { withErrorToast } from '@/lib/download'
import { partsQuery } from './api'
import { PartDialog } from './part-dialog'
import { shapeOf, type PartShape } from './part-shapes'

interface PartsProps {
  entry: Entry
  canWrite: boolean
  send: (change: EntryChange) => Promise<EntryChangeAnswer | null>
}

interface RowProps {
  part: Part
  shape: PartShape
  canWrite: boolean
  onEdit: (part: Part) => void
  onRemove: (part: Part) => void
}

function PartRow({ part, shape, canWrite, onEdit, onRemove }: RowProps) {
  return (
    <tr>
      <td className="mono partname">{part.name}</td>
      {shape.value && (
        <td className={`mono partvalue ${part.binary ? 'dim' : ''}`}>
          {part.value}
          {!part.whole && <span className="chip">truncated</span>}
        </td>
      )}
      <td className="partdo">
        {canWrite && shape.edited && part.whole && !part.binary && (
          <button type="button" className="btn ghost icon" aria-label={`Edit ${part.name}`} onClick={() => onEdit(part)}>
            <Pencil className="i" aria-hidden="true" />
          </button>
        )}
        {canWrite && (part.whole || shape.value !== null) && (
          <button type="button" className="btn ghost icon" aria-label={`Remove ${part.name}`} onClick={() => onRemove(part)}>
            <Trash2 className="i" aria-hidden="true" />
          </button>
        )}
      </td>
    </tr>
  )
}

interface BarProps {
  shape: PartShape
  canWrite: boolean
  onFilter: (filter: string) => void
  onAdd: () => void
}

function PartsBar({ shape, canWrite, onFilter, onAdd }: BarProps) {
  const [typed, setTyped] = useState('')
  const change = (text: string) => {
    setTyped(text)
    if (text === '') onFilter('')
  }
  return (
    <form
      className="runbar"
      onSubmit={(event) => {
        event.preventDefault()
        onFilter(typed.trim())
      }}
    >
      {shape.searched && <SearchField label={`Find a ${shape.one} by pattern`} placeholder={`Find a ${shape.one}`} value={typed} onChange={change} />}
      <span className="grow" />
      {canWrite && (
        <button type="button" className="btn" onClick={onAdd}>
          <Plus className="i" aria-hidden="true" />
          {shape.add}
        </button>
      )}
    </form>
  )
}

export function PartsTable({ entry, canWrite, send }: PartsProps) {
  const database = useDatabase()
  const [filter, setFilter] = useState('')
  const [editing, setEditing] = useState<{ part: Part | null } | null>(null)
  const pages = useInfiniteQuery(partsQuery(database.id, entry.id, filter))
  const shape = shapeOf(entry.type)
  const parts = pages.data?.pages.flatMap((page) => page.items) ?? []
  const remove = (part: Part) =>
    void withErrorToast(async () => {
      const answer = await send({ kind: 'remove', id: entry.id, part: part.name, was: shape.compared && part.whole && !part.binary ? part.value : null })
      if (answer && !answer.applied) toast.error('Somebody else changed it in the meantime. Check it again.')
    })
  return (
    <>
      <PartsBar shape={shape} canWrite={canWrite} onFilter={setFilter} onAdd={() => setEditing({ part: null })} />
      <div className="scroll grow" tabIndex={0} role="region" aria-label={`Value of ${entry.id}`}>
        {pages.isPending && <SkeletonRows />}
        {pages.error && (
          <div className="p-4">
            <ErrorNote error={pages.error} retry={() => void pages.refetch()} />
          </div>
        )}
        {pages.data && parts.length === 0 && <EmptyState text={filter ? 'No matches.' : 'Empty.'} />}
        {parts.length > 0 && (
          <TableScroll label={`Parts of ${entry.id}`}>
            <table className="table parts">
              <TableHead columns={[{ name: shape.name }, ...(shape.value ? [{ name: shape.value }] : []), { name: 'Actions', unseen: true }]} />
              <tbody>
                {parts.map((part) => (
                  <PartRow key={part.name} part={part} shape={shape} canWrite={canWrite} onEdit={(chosen) => setEditing({ part: chosen })} onRemove={remove} />
                ))}
              </tbody>
            </table>
          </TableScroll>
        )}
        {pages.hasNextPage && (
          <p className="p-4">
            <button type="button" className="btn" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              Load more
            </button>
          </p>
        )}
      </div>
      {editing && <PartDialog entry={entry} part={editing.part} shape={shape} send={send} onClose={() => setEditing(null)} />}
    </>
  )
}
