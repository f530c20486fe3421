// Owns the parts of a key: fields of a hash, items of a list, members of sets, entries of a stream.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { toast } from 'sonner'
import type { Entry, EntryChange, EntryChangeAnswer, Part } from '@/api/types'
import { SearchField } from '@/components/field'
import { TableScroll } from '@/components/page'
import { EmptyState, ErrorNote, SkeletonRows } from '@/components/states'
import { useDatabase } from '@/lib/database-scope'
import { tellFailure } from '@/lib/download'
import { partsQuery } from './api'
import { PartDialog } from './part-dialog'
import { shapeOf } from './part-shapes'

interface PartsProps {
  entry: Entry
  canWrite: boolean
  send: (change: EntryChange) => Promise<EntryChangeAnswer | null>
}

export function PartsTable({ entry, canWrite, send }: PartsProps) {
  const database = useDatabase()
  const [typed, setTyped] = useState('')
  const [filter, setFilter] = useState('')
  const [editing, setEditing] = useState<{ part: Part | null } | null>(null)
  const pages = useInfiniteQuery(partsQuery(database.id, entry.id, filter))
  const shape = shapeOf(entry.type)
  const parts = pages.data?.pages.flatMap((page) => page.items) ?? []
  const remove = (part: Part) =>
    void tellFailure(async () => {
      const answer = await send({ kind: 'remove', id: entry.id, part: part.name, was: shape.compared && part.whole && !part.binary ? part.value : null })
      if (answer && !answer.applied) toast.error('Somebody else changed it meanwhile. Look at it again.')
    })
  return (
    <>
      <form
        className="runbar"
        onSubmit={(event) => {
          event.preventDefault()
          setFilter(typed.trim())
        }}
      >
        {shape.searched && <SearchField label={`Find a ${shape.one} by a pattern`} placeholder={`Find a ${shape.one}`} value={typed} onChange={(text) => (text === '' ? (setTyped(''), setFilter('')) : setTyped(text))} />}
        <span className="grow" />
        {canWrite && (
          <button type="button" className="btn" onClick={() => setEditing({ part: null })}>
            <Plus className="i" aria-hidden="true" />
            {shape.add}
          </button>
        )}
      </form>
      <div className="scroll grow" tabIndex={0} role="region" aria-label={`Value of ${entry.id}`}>
        {pages.isPending && <SkeletonRows />}
        {pages.error && (
          <div className="p-4">
            <ErrorNote error={pages.error} retry={() => void pages.refetch()} />
          </div>
        )}
        {pages.data && parts.length === 0 && <EmptyState text={filter ? 'Nothing fits.' : 'It is empty.'} />}
        {parts.length > 0 && (
          <TableScroll label={`Parts of ${entry.id}`}>
            <table className="table parts">
              <thead>
                <tr>
                  <th>{shape.name}</th>
                  {shape.value && <th>{shape.value}</th>}
                  <th>
                    <span className="sr">What can be done</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {parts.map((part) => (
                  <tr key={part.name}>
                    <td className="mono partname">{part.name}</td>
                    {shape.value && <td className={`mono partvalue ${part.binary ? 'dim' : ''}`}>
                        {part.value}
                        {!part.whole && <span className="chip">cut</span>}
                      </td>}
                    <td className="partdo">
                      {canWrite && shape.edited && part.whole && !part.binary && (
                        <button type="button" className="btn ghost icon" aria-label={`Edit ${part.name}`} onClick={() => setEditing({ part })}>
                          <Pencil className="i" aria-hidden="true" />
                        </button>
                      )}
                      {canWrite && (part.whole || shape.value !== null) && (
                        <button type="button" className="btn ghost icon" aria-label={`Remove ${part.name}`} onClick={() => remove(part)}>
                          <Trash2 className="i" aria-hidden="true" />
                        </button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableScroll>
        )}
        {pages.hasNextPage && (
          <p className="p-4">
            <button type="button" className="btn" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              More
            </button>
          </p>
        )}
      </div>
      {editing && <PartDialog entry={entry} part={editing.part} shape={shape} send={send} onClose={() => setEditing(null)} />}
    </>
  )
}
