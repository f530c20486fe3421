// Owns the rows of a table that differ between two sides: both values of a changed cell, marked.
import { useInfiniteQuery } from '@tanstack/react-query'
import type { Cell, ChangeKind, RowChange, RowChanges } from '@/api/types'
import { TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { cellLine } from '@/lib/cells'
import { rowChangesQuery } from './api'

const SIGNS: Record<ChangeKind, { sign: string; word: string }> = {
  added: { sign: '+', word: 'Added' },
  removed: { sign: '−', word: 'Removed' },
  changed: { sign: '~', word: 'Changed' },
}

const Value = ({ cell }: { cell: Cell }) => (cell === null ? <span className="faint">NULL</span> : <>{cellLine(cell)}</>)

/** A cell of a changed row: what it was and what it is, where the two differ. */
function ChangedCell({ before, after }: { before: Cell; after: Cell }) {
  return (
    <td className="mono touched">
      <del>
        <Value cell={before} />
      </del>
      <ins>
        <Value cell={after} />
      </ins>
    </td>
  )
}

function ChangeRow({ change, isKey }: { change: RowChange; isKey: (column: number) => boolean }) {
  const { sign, word } = SIGNS[change.kind]
  const cells = change.after ?? change.before ?? []
  const touched = new Set(change.touched)
  return (
    <tr className={change.kind}>
      <td>
        <span aria-hidden="true">{sign}</span>
        <span className="sr">{word}</span>
      </td>
      {cells.map((cell, at) =>
        touched.has(at) ? (
          <ChangedCell key={at} before={change.before?.[at] ?? null} after={cell} />
        ) : (
          <td key={at} className={`mono cut ${isKey(at) ? 'key' : ''}`}>
            <Value cell={cell} />
          </td>
        ),
      )}
    </tr>
  )
}

function ChangeTable({ pages }: { pages: readonly RowChanges[] }) {
  const first = pages[0]
  const changes = pages.flatMap((page) => page.changes)
  if (!first || changes.length === 0) return <EmptyState text="No rows differ in this way." />
  const isKey = (column: number) => first.key.includes(first.columns[column]?.name ?? '')
  return (
    <TableScroll label={`Rows of ${first.table} that differ`}>
      <table className="table changes">
        <thead>
          <tr>
            <th>
              <span className="sr">Change</span>
            </th>
            {first.columns.map((column, at) => (
              <th key={at} className="mono">
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {changes.map((change, at) => (
            <ChangeRow key={at} change={change} isKey={isKey} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

export function ChangeGrid({ before, after, table, kind }: { before: string; after: string; table: string; kind: ChangeKind | undefined }) {
  const rows = useInfiniteQuery(rowChangesQuery(before, after, table, kind))
  return (
    <Loaded query={rows} rows={8}>
      {(data) => (
        <>
          <ChangeTable pages={data.pages} />
          {data.pages.some((page) => page.shortened) && <p className="small dim p-3">Long values are shown in part.</p>}
          {data.pages.some((page) => !page.complete) && <p className="small dim p-3">Not all rows were compared in time.</p>}
          {rows.hasNextPage && (
            <p className="p-3">
              <button type="button" className="btn" disabled={rows.isFetchingNextPage} onClick={() => void rows.fetchNextPage()}>
                Show more rows
              </button>
            </p>
          )}
        </>
      )}
    </Loaded>
  )
}
