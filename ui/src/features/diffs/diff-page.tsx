// Owns the comparison of two snapshots of a database: the tables that differ, then the rows of one of them.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect } from 'react'
import type { ChangeKind, Snapshot, TableDiff } from '@/api/types'
import { Segmented, SelectField } from '@/components/field'
import { PageFrame, Panel } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { snapshotsQuery } from '@/features/snapshots/api'
import { title } from '@/features/snapshots/timeline-data'
import { moment } from '@/lib/format'
import { snapshotDiffQuery } from './api'
import { ChangeGrid } from './change-grid'
import { TableSummaries } from './table-summary'

const route = getRouteApi('/shell/p/$project/d/$database/diff')
const KINDS = [
  { value: '', label: 'All' },
  { value: 'added', label: 'Added' },
  { value: 'removed', label: 'Removed' },
  { value: 'changed', label: 'Changed' },
] as const

const called = (one: Snapshot) => `${title(one)}, ${moment(one.taken_at ?? one.created_at)}`

function Notes({ table }: { table: TableDiff }) {
  if (table.notes.length === 0) return null
  return (
    <ul className="small dim p-3 stack gap-1" aria-label="Not compared">
      {table.notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  )
}

function Rows({ before, after, table }: { before: string; after: string; table: TableDiff }) {
  const { kind } = route.useSearch()
  const navigate = route.useNavigate()
  const choose = (value: ChangeKind | '') => void navigate({ search: (now) => ({ ...now, kind: value || undefined }), replace: true })
  return (
    <Panel title={table.name} aside={<Segmented label="Changes" value={kind ?? ''} options={KINDS} onChange={choose} />}>
      <Notes table={table} />
      <ChangeGrid before={before} after={after} table={table.name} kind={kind} />
    </Panel>
  )
}

function Differences({ before, after }: { before: string; after: string }) {
  const { table } = route.useSearch()
  const diff = useQuery(snapshotDiffQuery(before, after))
  return (
    <Loaded query={diff} rows={6}>
      {({ tables }) => {
        const chosen = tables.find((one) => one.name === table && one.status === 'changed')
        return (
          <>
            <Panel title="Tables">
              <TableSummaries tables={tables} chosen={chosen?.name} />
            </Panel>
            {chosen && <Rows before={before} after={after} table={chosen} />}
          </>
        )
      }}
    </Loaded>
  )
}

/** All complete snapshots of the database: a comparison may name an old one. */
function useSnapshots(database: string) {
  const list = useInfiniteQuery(snapshotsQuery(database))
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  return list
}

function Comparison({ snapshots }: { snapshots: readonly Snapshot[] }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const after = snapshots.find((one) => one.id === search.after) ?? snapshots[0]
  const older = after && snapshots[snapshots.indexOf(after) + 1]
  const before = snapshots.find((one) => one.id === search.before) ?? older ?? snapshots.find((one) => one !== after)
  if (!after || !before) return <EmptyState text="Take a second snapshot of this database to see what has changed between the two." />
  const options = snapshots.map((one) => ({ value: one.id, label: called(one) }))
  const choose = (change: { before?: string; after?: string }) => void navigate({ search: { before: before.id, after: after.id, ...change }, replace: true })
  return (
    <>
      <div className="row flex-wrap">
        <SelectField label="From" value={before.id} options={options} onChange={(value) => choose({ before: value })} />
        <SelectField label="To" value={after.id} options={options} onChange={(value) => choose({ after: value })} />
      </div>
      {before === after ? <EmptyState text="Choose two different snapshots." /> : <Differences before={before.id} after={after.id} />}
    </>
  )
}

export function DiffPage() {
  const { database } = route.useParams()
  const list = useSnapshots(database)
  return (
    <PageFrame title="Compare snapshots">
      <Loaded query={list} rows={6}>
        {(data) => <Comparison snapshots={data.pages.flatMap((page) => page.items).filter((one) => one.status === 'complete')} />}
      </Loaded>
    </PageFrame>
  )
}
