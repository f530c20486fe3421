// Owns the rows of one table of a snapshot: read page by page as they come into view, never changed.
import type { Cell } from '@/api/types'
import { EmptyState, ErrorNote, SkeletonRows } from '@/components/states'
import { EditorFrame } from '@/components/grid/editor-frame'
import { Grid, type Place } from '@/components/grid/grid'
import { useRowPages } from '@/lib/use-row-pages'
import { WholeCell } from '@/components/grid/whole-cell'
import { formatRows } from '@/lib/cells'
import { copyText } from '@/lib/download'
import { count, plural } from '@/lib/format'
import { readSnapshotCell, readSnapshotRows } from './api'

function WholeText({ value, column, onLeave }: { value: Cell; column: string; onLeave: () => void }) {
  return (
    <EditorFrame label={`Full value of ${column}`} className="bytes" onLeave={onLeave}>
      <textarea className="mono" aria-label={column} readOnly autoFocus rows={12} value={String(value ?? '')} />
      <footer className="row">
        <button type="button" className="btn end" onClick={() => void copyText(String(value ?? ''), 'Value')}>
          Copy
        </button>
      </footer>
    </EditorFrame>
  )
}

export function SnapshotGrid({ snapshot, table }: { snapshot: string; table: string }) {
  const rows = useRowPages(snapshot, JSON.stringify([snapshot, table]), (part) => readSnapshotRows(snapshot, table, part))
  const first = rows.first.data
  if (rows.first.error) {
    return (
      <div className="p-4">
        <ErrorNote error={rows.first.error} retry={() => void rows.first.refetch()} />
      </div>
    )
  }
  if (first === undefined || rows.first.isPlaceholderData) return <SkeletonRows />
  const copy = (from: Place, to: Place) => {
    const [top, bottom] = [Math.min(from.row, to.row), Math.max(from.row, to.row)]
    const [left, right] = [Math.min(from.column, to.column), Math.max(from.column, to.column)]
    const picked = Array.from({ length: bottom - top + 1 }, (_, step) => rows.row(top + step)).filter((row) => row !== null)
    const single = picked.length === 1 && left === right
    const text = single ? String(picked[0]?.[left] ?? '') : formatRows('tsv', first.columns.slice(left, right + 1), picked.map((row) => row.slice(left, right + 1)))
    void copyText(text, single ? 'Cell' : plural(picked.length, 'row'))
  }
  return (
    <>
      <Grid
        key={table}
        label={`Rows of ${table}`}
        columns={first.columns}
        count={rows.count}
        row={rows.row}
        onView={rows.show}
        onCopy={copy}
        editable={(at) => rows.isCut(at.row, at.column)}
        editor={(at, _, done) => {
          const column = first.columns[at.column]?.name ?? ''
          return (
            <WholeCell
              key={`${at.row} ${at.column}`}
              load={() => readSnapshotCell(snapshot, table, at.row, column)}
              onLeave={() => done()}
              render={(value) => <WholeText value={value} column={column} onLeave={() => done()} />}
            />
          )
        }}
        empty={<EmptyState text="The table has no rows in this snapshot." />}
      />
      <footer className="statusbar">
        <span>{count(first.count ?? 0)} rows</span>
        <span>{first.milliseconds.toFixed(0)} ms</span>
        <span className="cut">{first.why}</span>
      </footer>
    </>
  )
}
