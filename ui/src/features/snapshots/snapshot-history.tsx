// Owns the snapshots of a database over time: the figures, the chart of new data, the timeline, and the empty state.
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Snapshot, Storage } from '@/api/types'
import { EmptyState } from '@/components/states'
import { useDatabase } from '@/lib/database-scope'
import { GrowthChart } from './growth-chart'
import { StorageSummary } from './storage-summary'
import { Timeline } from './timeline'
import { ceiling, growthBars, inRange, takenAt, type Range } from './timeline-data'

const route = getRouteApi('/shell/p/$project/d/$database/backups')

interface HistoryProps {
  snapshots: Snapshot[]
  storage: Storage | undefined
  range: Range
  /** What loads older snapshots. */
  older: ReactNode
}

export function SnapshotHistory({ snapshots, storage, range, older }: HistoryProps) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const points = storage?.points ?? []
  const bars = growthBars(inRange(points, range, (point) => point.taken_at))
  const visible = inRange(snapshots, range, takenAt)
  const scale = ceiling(growthBars(points, Infinity))
  return (
    <>
      <StorageSummary storage={storage} snapshots={snapshots} />
      {bars.length > 0 && <GrowthChart bars={bars} current={search.snapshot} onChoose={(id) => void navigate({ search: (now) => ({ range: now.range, snapshot: id }) })} />}
      {visible.length === 0 ? <EmptyState text="No snapshots in this period." /> : <Timeline snapshots={visible} points={points} current={search.snapshot} top={scale} />}
      {older}
    </>
  )
}

export function EmptyHistory({ canTake, onTake }: { canTake: boolean; onTake: () => void }) {
  const database = useDatabase()
  return (
    <EmptyState text={`There are no snapshots of ${database.name} yet. The first one stores everything; later ones store only what changed.`}>
      {canTake && (
        <button type="button" className="btn primary" onClick={onTake}>
          Take the first snapshot
        </button>
      )}
    </EmptyState>
  )
}
