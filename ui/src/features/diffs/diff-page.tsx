// Owns the comparison of two sides, databases as they are now or snapshots: the tables that differ, then the rows of one.
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect } from 'react'
import { toast } from 'sonner'
import type { ChangeKind, Database, Snapshot, TableDiff } from '@/api/types'
import { Segmented, SelectField } from '@/components/field'
import { PageFrame, Panel } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { databasesQuery } from '@/features/databases/api'
import { snapshotsQuery } from '@/features/snapshots/api'
import { title } from '@/features/snapshots/timeline-data'
import { saveBlob } from '@/lib/download'
import { moment } from '@/lib/format'
import { errorText } from '@/lib/problem'
import { differencesQuery, isSnapshot, patchOf } from './api'
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

function PatchButton({ before, after }: { before: string; after: string }) {
  const save = useMutation({ mutationFn: () => patchOf(before, after), onSuccess: (blob) => saveBlob(blob, 'differences.sql'), onError: (error) => toast.error(errorText(error)) })
  return (
    <button type="button" className="btn" disabled={save.isPending} title="SQL that makes the rows of the first side equal to those of the second one" onClick={() => save.mutate()}>
      Download patch
    </button>
  )
}

function Differences({ before, after }: { before: string; after: string }) {
  const { table } = route.useSearch()
  const diff = useQuery(differencesQuery(before, after))
  return (
    <Loaded query={diff} rows={6}>
      {({ tables }) => {
        const chosen = tables.find((one) => one.name === table && one.status === 'changed')
        return (
          <>
            <Panel title="Tables" aside={<PatchButton before={before} after={after} />}>
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

/** The sides that can be chosen: databases of the engine as they are now, this one first, and snapshots of this database. */
function sidesOf(snapshots: readonly Snapshot[], databases: readonly Database[], current: string): Side[] {
  const engine = databases.find((one) => one.id === current)?.engine
  const live = databases.filter((one) => one.engine === engine).sort((one, other) => Number(other.id === current) - Number(one.id === current))
  return [
    ...live.map((one) => ({ value: `database:${one.id}`, label: `${one.name}, as it is now` })),
    ...snapshots.map((one) => ({ value: `snapshot:${one.id}`, label: called(one) })),
  ]
}

interface Side {
  value: string
  label: string
}

/** A side of the address, where an id alone is one of a snapshot. */
const sideOf = (text: string | undefined, sides: readonly Side[]) => sides.find((side) => side.value === text || side.value === `snapshot:${text}`)?.value

function Comparison({ snapshots, databases }: { snapshots: readonly Snapshot[]; databases: readonly Database[] }) {
  const { database } = route.useParams()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const sides = sidesOf(snapshots, databases, database)
  const stored = sides.filter((side) => isSnapshot(side.value))
  const after = sideOf(search.after, sides) ?? sides[0]?.value
  const older = stored[stored.findIndex((side) => side.value === after) + 1]
  const before = sideOf(search.before, sides) ?? older?.value ?? sides.find((side) => side.value !== after)?.value
  if (!after || !before) return <EmptyState text="Take a snapshot of this database, or create another one, to have something to compare it with." />
  const choose = (change: { before?: string; after?: string }) => void navigate({ search: { before, after, ...change }, replace: true })
  return (
    <>
      <div className="row flex-wrap">
        <SelectField label="From" value={before} options={sides} onChange={(value) => choose({ before: value })} />
        <SelectField label="To" value={after} options={sides} onChange={(value) => choose({ after: value })} />
      </div>
      {before === after ? <EmptyState text="Choose two different sides." /> : <Differences before={before} after={after} />}
    </>
  )
}

export function DiffPage() {
  const { database, project } = route.useParams()
  const list = useSnapshots(database)
  const databases = useQuery(databasesQuery(project))
  return (
    <PageFrame title="Compare rows">
      <Loaded query={databases} rows={6}>
        {(every) => (
          <Loaded query={list} rows={6}>
            {(data) => <Comparison databases={every} snapshots={data.pages.flatMap((page) => page.items).filter((one) => one.status === 'complete')} />}
          </Loaded>
        )}
      </Loaded>
    </PageFrame>
  )
}
