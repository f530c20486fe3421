// Owns the history of a database: its snapshots over time, taking one, and the side panel of the chosen one.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import type { Snapshot, Storage } from '@/api/types'
import { Segmented } from '@/components/field'
import { usePageTitle } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { Alerts } from '@/features/policies/alerts'
import { PolicyPanel } from '@/features/policies/policy-panel'
import { ScheduleLink } from '@/features/policies/schedule-link'
import { MomentCard } from '@/features/recovery/moment-card'
import { useDatabase } from '@/lib/database-scope'
import { useProjectScope } from '@/lib/project-scope'
import { snapshotsQuery, storageQuery } from './api'
import { GrowthChart } from './growth-chart'
import { Head } from './head'
import { ceiling, growthBars, moment, RANGES, within, type Range } from './history'
import { RestorePanel } from './restore-panel'
import { RunPanel } from './run-panel'
import { SnapshotPanel } from './snapshot-panel'
import { TakeDialog } from './take-dialog'
import { Timeline } from './timeline'

const route = getRouteApi('/shell/p/$project/d/$database/history')

interface OverTimeProps {
  snapshots: Snapshot[]
  storage: Storage | undefined
  range: Range
  older: React.ReactNode
}

function OverTime({ snapshots, storage, range, older }: OverTimeProps) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const points = storage?.points ?? []
  const bars = growthBars(within(points, range, (one) => one.taken_at))
  const shown = within(snapshots, range, moment)
  const scale = ceiling(growthBars(points, Infinity))
  return (
    <>
      <Head storage={storage} snapshots={snapshots} />
      {bars.length > 0 && <GrowthChart bars={bars} current={search.snapshot} onChoose={(id) => void navigate({ search: (now) => ({ range: now.range, snapshot: id }) })} />}
      {shown.length === 0 ? <EmptyState text="No snapshot was taken in this time." /> : <Timeline snapshots={shown} points={points} current={search.snapshot} top={scale} />}
      {older}
    </>
  )
}

function First({ canTake, onTake }: { canTake: boolean; onTake: () => void }) {
  const database = useDatabase()
  return (
    <EmptyState text={`No snapshot of ${database.name} was taken yet. The first stores everything, each later one only what has changed.`}>
      {canTake && (
        <button type="button" className="btn primary" onClick={onTake}>
          Take the first snapshot
        </button>
      )}
    </EmptyState>
  )
}

function SidePanel() {
  const { snapshot, restore, run, schedule } = route.useSearch()
  const navigate = route.useNavigate()
  const close = () => void navigate({ search: (now) => ({ range: now.range }) })
  const back = () => void navigate({ search: (now) => ({ range: now.range, snapshot: now.snapshot }) })
  if (schedule) return <PolicyPanel onClose={close} />
  if (run) return <RunPanel key={run} id={run} onClose={snapshot ? back : close} />
  if (!snapshot) return null
  if (restore) return <RestorePanel key={snapshot} id={snapshot} onClose={close} onCancel={back} />
  return <SnapshotPanel key={snapshot} id={snapshot} onClose={close} />
}

export function HistoryPage() {
  usePageTitle('History')
  const database = useDatabase()
  const { project } = useProjectScope()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const [taking, setTaking] = useState(false)
  const snapshots = useInfiniteQuery(snapshotsQuery(database.id))
  const storage = useQuery(storageQuery(database.id))
  const canTake = project.role !== 'viewer'
  const range = search.range ?? 'all'
  const items = snapshots.data?.pages.flatMap((page) => page.items)
  const older = snapshots.hasNextPage && (
    <p className="p-2 text-center">
      <button type="button" className="btn" disabled={snapshots.isFetchingNextPage} onClick={() => void snapshots.fetchNextPage()}>
        Older ones
      </button>
    </p>
  )
  const beside = search.snapshot !== undefined || search.run !== undefined || search.schedule === true
  return (
    <div className="tool fill">
      <div className="toolbar">
        <h1>History</h1>
        {items && items.length > 0 && <Segmented label="Range" value={range} options={RANGES} onChange={(value) => void navigate({ search: (now) => ({ ...now, range: value === 'all' ? undefined : value }) })} />}
        <span className="grow hide-p" />
        <ScheduleLink />
        {canTake && items && items.length > 0 && (
          <button type="button" className="btn primary take" onClick={() => setTaking(true)}>
            Take snapshot
          </button>
        )}
      </div>
      <div className={`history ${beside ? 'beside' : ''}`}>
        <div className="past">
          <Alerts />
          <MomentCard />
          <Loaded query={{ data: items, error: snapshots.error, refetch: snapshots.refetch }} rows={12}>
            {(found) =>
              found.length === 0 ? <First canTake={canTake} onTake={() => setTaking(true)} /> : <OverTime snapshots={found} storage={storage.data} range={range} older={older} />
            }
          </Loaded>
        </div>
        <SidePanel />
      </div>
      {taking && <TakeDialog onClose={() => setTaking(false)} onTaken={(made) => void navigate({ search: (now) => ({ range: now.range, snapshot: made.id }) })} />}
    </div>
  )
}
