// Owns the conflicts of a merge: the values of all three versions, and the side that wins.
import { useInfiniteQuery } from '@tanstack/react-query'
import type { Cell, Merge, MergeConflict, MergeSide } from '@/api/types'
import { Segmented } from '@/components/field'
import { Panel, TableScroll } from '@/components/page'
import { Loaded } from '@/components/states'
import { cellLine } from '@/lib/cells'
import { withErrorToast } from '@/lib/download'
import { conflictsQuery, useResolve } from './api'
import { keyText, kindText, shownColumns } from './merge-text'

interface SidesProps {
  merge: Merge
  conflict: MergeConflict
}

const sidesOf = (merge: Merge) =>
  [
    { name: 'base', label: 'Before' },
    { name: 'ours', label: merge.target_name },
    { name: 'theirs', label: merge.source_name },
  ] as const

function SideCell({ row, at }: { row: readonly Cell[] | null; at: number }) {
  const cell = row?.[at] ?? null
  return <td className="mono cut">{row === null ? <span className="faint">no row</span> : cell === null ? <span className="faint">NULL</span> : cellLine(cell)}</td>
}

/** The values of a conflict: a row for each column, a column for each version. */
function Versions({ merge, conflict }: SidesProps) {
  const sides = sidesOf(merge)
  return (
    <TableScroll label={`Versions of ${conflict.table}, ${keyText(conflict)}`}>
      <table className="table versions">
        <thead>
          <tr>
            <th scope="col">Column</th>
            {sides.map((side) => (
              <th key={side.name} scope="col" className={conflict.choice === side.name ? 'chosen' : ''}>
                {side.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shownColumns(conflict).map((at) => (
            <tr key={at}>
              <th scope="row" className="mono">
                {conflict.columns[at]}
              </th>
              {sides.map((side) => (
                <SideCell key={side.name} row={conflict[side.name]} at={at} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

function ConflictItem({ merge, conflict, canChange, onChoose }: SidesProps & { canChange: boolean; onChoose: (side: MergeSide) => void }) {
  return (
    <li className="stack gap-2 p-3" aria-label={`${conflict.table}, ${keyText(conflict)}`}>
      <div className="row flex-wrap">
        <span className="mono">{conflict.table}</span>
        <span className="mono dim">{keyText(conflict)}</span>
        <span className="grow small dim">{kindText(conflict)}</span>
        {canChange && (
          <Segmented
            label={`Side that wins ${keyText(conflict)}`}
            value={conflict.choice ?? ''}
            options={[
              { value: 'ours', label: `Keep ${merge.target_name}` },
              { value: 'theirs', label: `Take ${merge.source_name}` },
            ]}
            onChange={(side) => side !== '' && onChoose(side as MergeSide)}
          />
        )}
      </div>
      <Versions merge={merge} conflict={conflict} />
    </li>
  )
}

function AllButtons({ merge, onChoose }: { merge: Merge; onChoose: (side: MergeSide) => void }) {
  return (
    <>
      <button type="button" className="btn sm" aria-label={`Keep all of ${merge.target_name}`} onClick={() => onChoose('ours')}>
        Keep all
      </button>
      <button type="button" className="btn sm" aria-label={`Take all of ${merge.source_name}`} onClick={() => onChoose('theirs')}>
        Take all
      </button>
    </>
  )
}

export function ConflictList({ merge, isAdmin }: { merge: Merge; isAdmin: boolean }) {
  const list = useInfiniteQuery(conflictsQuery(merge.id))
  const resolve = useResolve(merge.id)
  const canChange = isAdmin && merge.status === 'prepared'
  const choose = (choice: MergeSide, ordinals?: number[]) => void withErrorToast(() => resolve.mutateAsync({ choice, ordinals: ordinals ?? null }))
  return (
    <Panel title="Conflicts" aside={canChange && <AllButtons merge={merge} onChoose={choose} />}>
      <Loaded query={list} rows={6}>
        {(data) => (
          <ul className="conflicts">
            {data.pages.flatMap((page) =>
              page.items.map((conflict) => (
                <ConflictItem key={conflict.ordinal} merge={merge} conflict={conflict} canChange={canChange} onChoose={(side) => choose(side, [conflict.ordinal])} />
              )),
            )}
          </ul>
        )}
      </Loaded>
      {list.hasNextPage && (
        <p className="p-3">
          <button type="button" className="btn" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more conflicts
          </button>
        </p>
      )}
    </Panel>
  )
}
