// Owns the backups of a database: snapshots over time with their schedule, alerts and point-in-time recovery, and the side panel.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { Segmented } from '@/components/field'
import { usePageTitle } from '@/components/page'
import { Loaded } from '@/components/states'
import { Alerts } from '@/features/policies/alerts'
import { PolicyPanel } from '@/features/policies/policy-panel'
import { ScheduleLink } from '@/features/policies/schedule-link'
import { RecoveryCard } from '@/features/recovery/recovery-card'
import { snapshotsQuery, storageQuery } from '@/features/snapshots/api'
import { RestorePanel } from '@/features/snapshots/restore-panel'
import { RestoreProgressPanel } from '@/features/snapshots/restore-progress-panel'
import { EmptyHistory, SnapshotHistory } from '@/features/snapshots/snapshot-history'
import { SnapshotPanel } from '@/features/snapshots/snapshot-panel'
import { TakeDialog } from '@/features/snapshots/take-dialog'
import { RANGES, type Range } from '@/features/snapshots/timeline-data'
import { useDatabase } from '@/lib/database-scope'
import { useProjectScope } from '@/lib/project-scope'

const route = getRouteApi('/shell/p/$project/d/$database/backups')

function SidePanel() {
  const { snapshot, restore, run, schedule } = route.useSearch()
  const navigate = route.useNavigate()
  const close = () => void navigate({ search: (now) => ({ range: now.range }) })
  const back = () => void navigate({ search: (now) => ({ range: now.range, snapshot: now.snapshot }) })
  if (schedule) return <PolicyPanel onClose={close} />
  if (run) return <RestoreProgressPanel key={run} id={run} onClose={snapshot ? back : close} />
  if (!snapshot) return null
  if (restore) return <RestorePanel key={snapshot} id={snapshot} onClose={close} onCancel={back} />
  return <SnapshotPanel key={snapshot} id={snapshot} onClose={close} />
}

function Toolbar({ range, onTake }: { range: Range | null; onTake: (() => void) | null }) {
  const navigate = route.useNavigate()
  return (
    <div className="toolbar">
      <h1>Backups</h1>
      {range && <Segmented label="Range" value={range} options={RANGES} onChange={(value) => void navigate({ search: (now) => ({ ...now, range: value === 'all' ? undefined : value }) })} />}
      <span className="grow hide-p" />
      <ScheduleLink />
      {onTake && (
        <button type="button" className="btn primary take" onClick={onTake}>
          Take snapshot
        </button>
      )}
    </div>
  )
}

export function BackupsPage() {
  usePageTitle('Backups')
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
  const hasItems = items !== undefined && items.length > 0
  const older = snapshots.hasNextPage && (
    <p className="p-2 text-center">
      <button type="button" className="btn" disabled={snapshots.isFetchingNextPage} onClick={() => void snapshots.fetchNextPage()}>
        Show older snapshots
      </button>
    </p>
  )
  const hasPanel = search.snapshot !== undefined || search.run !== undefined || search.schedule === true
  return (
    <div className="tool fill">
      <Toolbar range={hasItems ? range : null} onTake={canTake && hasItems ? () => setTaking(true) : null} />
      <div className={`backups ${hasPanel ? 'has-panel' : ''}`}>
        <div className="backups-main">
          <Alerts />
          <RecoveryCard />
          <Loaded query={{ data: items, error: snapshots.error, refetch: snapshots.refetch }} rows={12}>
            {(loaded) =>
              loaded.length === 0 ? <EmptyHistory canTake={canTake} onTake={() => setTaking(true)} /> : <SnapshotHistory snapshots={loaded} storage={storage.data} range={range} older={older} />
            }
          </Loaded>
        </div>
        <SidePanel />
      </div>
      {taking && <TakeDialog onClose={() => setTaking(false)} onTaken={(snapshot) => void navigate({ search: (now) => ({ range: now.range, snapshot: snapshot.id }) })} />}
    </div>
  )
}
