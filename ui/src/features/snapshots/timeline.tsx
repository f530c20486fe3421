// Owns the timeline: the snapshots of a database by day, with size, new data, verification and test restore.
import { Link } from '@tanstack/react-router'
import { History, Lock, ShieldAlert, ShieldCheck, TriangleAlert } from 'lucide-react'
import type { Snapshot, StoragePoint } from '@/api/types'
import { Bar } from '@/components/marks'
import { bytes, moment as dayAndTime, plural, seconds } from '@/lib/format'
import { useJobEvents } from '@/lib/job-events'
import { progressPart, progressText } from '@/lib/jobs'
import { useListKeys } from '@/lib/list-keys'
import { groupByDay, growthText, takenAt, title } from './timeline-data'

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

function Proofs({ snapshot }: { snapshot: Snapshot }) {
  const good = snapshot.verification?.ok ?? true
  return (
    <>
      <span className={`ok ${good ? '' : 't-del'}`}>
        {snapshot.verified_at !== null && (
          <span className="row gap-1" title={`Verified ${dayAndTime(snapshot.verified_at)}`}>
            {good ? <ShieldCheck className="i" aria-hidden="true" /> : <ShieldAlert className="i" aria-hidden="true" />}
            <span className="word">{good ? 'Verified' : 'Damaged'}</span>
          </span>
        )}
      </span>
      <span className="ok t-add">
        {snapshot.drilled_at !== null && (
          <span className="row gap-1" title={`Test restore ${dayAndTime(snapshot.drilled_at)}`}>
            <History className="i" aria-hidden="true" />
            <span className="word">Test restore {snapshot.drill_seconds !== null && seconds(snapshot.drill_seconds)}</span>
          </span>
        )}
      </span>
    </>
  )
}

function Complete({ snapshot, points, top }: { snapshot: Snapshot; points: readonly StoragePoint[]; top: number }) {
  return (
    <>
      <span className="snapshot-name">
        <span className="cut">{title(snapshot)}</span>
        {snapshot.held && (
          <span className="chip" title="Keep forever (exempt from deletion)">
            <Lock className="i" aria-hidden="true" />
            <span className="word">Kept forever</span>
          </span>
        )}
        {snapshot.proof?.state === 'refuted' && (
          <span className="chip warn" title={snapshot.proof.summary}>
            <TriangleAlert className="i" aria-hidden="true" />
            <span className="word">{snapshot.proof.summary}</span>
          </span>
        )}
        {snapshot.losses.length > 0 && (
          <span className="chip" title={snapshot.losses.join('\n')}>
            <span className="word">{plural(snapshot.losses.length, 'note')}</span>
          </span>
        )}
        {snapshot.grew && (
          <span className="chip warn">
            <TriangleAlert className="i" aria-hidden="true" />
            <span className="word">{growthText(snapshot, points)}</span>
          </span>
        )}
        {!snapshot.grew && (
          <span className="small faint cut hide-p">
            {plural(snapshot.tables, 'table')}
            {snapshot.by && `, by ${snapshot.by}`}
            {snapshot.scheduled && !snapshot.by && ', scheduled'}
          </span>
        )}
      </span>
      <span className="num dim size">{bytes(snapshot.stored_bytes)}</span>
      <span className="new small">
        <span className="num">+{bytes(snapshot.new_bytes)}</span>
        <u style={{ width: `${Math.min(100, (snapshot.new_bytes / top) * 100)}%` }} />
      </span>
      <Proofs snapshot={snapshot} />
    </>
  )
}

function Moving({ snapshot }: { snapshot: Snapshot }) {
  const live = useJobEvents(snapshot.job?.id)
  const job = live.job ?? snapshot.job
  const part = job ? progressPart(job) : 0
  return (
    <span className="moving">
      <span className="cut">{title(snapshot)}</span>
      <Bar part={part} label={`Progress of ${title(snapshot)}`} />
      <span className="small dim cut">{job ? progressText(job) : 'Waiting for a worker'}</span>
    </span>
  )
}

function Content({ snapshot, points, top }: { snapshot: Snapshot; points: readonly StoragePoint[]; top: number }) {
  if (snapshot.status === 'taking') return <Moving snapshot={snapshot} />
  if (snapshot.status === 'complete') return <Complete snapshot={snapshot} points={points} top={top} />
  return (
    <span className="snapshot-name rest">
      <span className="cut shrink-0">{title(snapshot)}</span>
      {snapshot.status === 'deleting' ? <span className="dim">Deleting</span> : <span className="t-del small cut">Failed. {snapshot.error}</span>}
    </span>
  )
}

function tone(snapshot: Snapshot): string {
  if (snapshot.status === 'failed') return 'failed'
  if (snapshot.status === 'taking') return 'now'
  return snapshot.grew ? 'bad' : snapshot.label && !snapshot.scheduled ? 'manual' : ''
}

interface TimelineProps {
  snapshots: readonly Snapshot[]
  points: readonly StoragePoint[]
  current: string | undefined
  /** What the longest bar of new bytes stands for. */
  top: number
}

export function Timeline({ snapshots, points, current, top }: TimelineProps) {
  const list = useListKeys<HTMLElement>()
  return (
    <section className="line" aria-label="Snapshots" ref={list}>
      {groupByDay(snapshots).map((day) => (
        <div key={day.name}>
          <h2>{day.name}</h2>
          <ol>
            {day.snapshots.map((one) => (
              <li key={one.id} className={`${tone(one)} ${one.id === current ? 'sel' : ''}`}>
                <Link
                  from="/p/$project/d/$database/backups"
                  to="."
                  search={(now) => ({ range: now.range, snapshot: one.id })}
                  aria-current={one.id === current ? 'true' : undefined}
                  activeProps={{ 'aria-current': one.id === current ? 'true' : undefined }}
                  data-row
                >
                  <i className="p" />
                  <time className="mono" dateTime={takenAt(one)}>
                    {clock.format(new Date(takenAt(one)))}
                  </time>
                  <Content snapshot={one} points={points} top={top} />
                </Link>
              </li>
            ))}
          </ol>
        </div>
      ))}
    </section>
  )
}
