// Owns the summary above the timeline: stored size, size without deduplication, last verification and test restore.
import type { Snapshot, Storage } from '@/api/types'
import { ago, bytes, plural, seconds } from '@/lib/format'
import { latest, ratioText } from './timeline-data'

function Verified({ snapshot }: { snapshot: Snapshot | undefined }) {
  if (!snapshot?.verified_at) return <dd className="dim">Not yet</dd>
  const { verification } = snapshot
  const good = verification?.ok ?? true
  return (
    <dd>
      <span className={good ? '' : 't-del'}>{good ? ago(snapshot.verified_at) : 'Damaged'}</span>{' '}
      <small>{good ? verification && verification.pages > 0 && plural(verification.pages, 'block') : ago(snapshot.verified_at)}</small>
    </dd>
  )
}

function Drilled({ snapshot }: { snapshot: Snapshot | undefined }) {
  if (!snapshot?.drilled_at) return <dd className="dim">Not yet</dd>
  return (
    <dd>
      <span className="t-add">Passed</span>{' '}
      <small>
        {ago(snapshot.drilled_at)}
        {snapshot.drill_seconds !== null && `, ${seconds(snapshot.drill_seconds)}`}
      </small>
    </dd>
  )
}

export function StorageSummary({ storage, snapshots }: { storage: Storage | undefined; snapshots: readonly Snapshot[] }) {
  const number = storage?.points.length ?? 0
  const more = storage ? ratioText(storage.stored_bytes, storage.new_bytes) : null
  return (
    <dl className="strip growth-strip">
      <div>
        <dt>Stored</dt>
        <dd>
          {storage ? bytes(storage.new_bytes) : '–'} <small>{number > 0 && `for ${plural(number, 'snapshot')}`}</small>
        </dd>
      </div>
      <div>
        <dt>Size without deduplication</dt>
        <dd>
          {storage ? bytes(storage.stored_bytes) : '–'} <small>{more && `${more} as much`}</small>
        </dd>
      </div>
      <div>
        <dt>Last verified</dt>
        <Verified snapshot={latest(snapshots, (one) => one.verified_at)} />
      </div>
      <div>
        <dt>Last test restore</dt>
        <Drilled snapshot={latest(snapshots, (one) => one.drilled_at)} />
      </div>
    </dl>
  )
}
