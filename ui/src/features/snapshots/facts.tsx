// Owns the facts of one snapshot: its size, what was new, its position, encryption and verification.
import { Copy } from 'lucide-react'
import type { SnapshotDetail } from '@/api/types'
import { copyText } from '@/lib/download'
import { bytes, count, moment as dayAndTime, plural, seconds, words } from '@/lib/format'
import { sourceName, ratioText } from './timeline-data'

function asked(request: SnapshotDetail['request']): string | null {
  const names = (value: unknown) => (Array.isArray(value) ? value.map(String) : [])
  const [only, without] = [names(request['tables']), names(request['exclude'])]
  if (only.length > 0) return `Only ${only.join(', ')}`
  return without.length > 0 ? `All except ${without.join(', ')}` : null
}

function verified({ verified_at, verification }: SnapshotDetail): string {
  if (verified_at === null) return 'Not yet'
  const percent = verification?.percent ?? 100
  const how = verification?.kind !== 'deep' ? 'all blocks exist' : percent < 100 ? `${percent} % of blocks read` : 'every block read'
  return verification?.ok === false ? `Damaged, ${dayAndTime(verified_at)}` : `${dayAndTime(verified_at)}: ${how}${verification && verification.pages > 0 ? `, ${plural(verification.pages, 'block')}` : ''}`
}

function proven({ proof }: SnapshotDetail): string | null {
  if (proof === null) return null
  const words = proof.summary.charAt(0).toUpperCase() + proof.summary.slice(1)
  return proof.at === null || proof.server === '' ? words : `${words}, on ${proof.server}, ${dayAndTime(proof.at)}`
}

/** What a proof names: what cannot be restored, and what the scratch server does not support. */
function Unrestorable({ proof }: { proof: NonNullable<SnapshotDetail['proof']> }) {
  const wrong = [...proof.refused, ...proof.different.map((name) => `${name}: restored differently`)]
  return (
    <>
      {wrong.length > 0 && (
        <ul className="t-del small" role="alert">
          {wrong.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      {proof.untried.length > 0 && (
        <details className="pt-2">
          <summary className="dim small">Not proven: {plural(proof.untried.length, 'object')}</summary>
          <ul className="small">
            {proof.untried.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

function pairs(snapshot: SnapshotDetail): [string, string][] {
  const ratio = ratioText(snapshot.raw_bytes, snapshot.stored_bytes)
  const only = asked(snapshot.request)
  const found: [string, string | null][] = [
    ['Rows', `${count(snapshot.rows)} in ${plural(snapshot.tables, 'table')}`],
    ['Stored', `${bytes(snapshot.stored_bytes)} for ${bytes(snapshot.raw_bytes)} uncompressed${ratio ? `, ${ratio} smaller` : ''}`],
    ['New', snapshot.new_bytes === 0 ? 'Nothing: all data was already stored' : bytes(snapshot.new_bytes)],
    ['Created by', snapshot.scheduled ? (snapshot.by ? `${snapshot.by}, from the policy` : 'Schedule') : snapshot.by],
    ['Duration', snapshot.seconds === null ? null : seconds(snapshot.seconds)],
    ['Tables', only],
    ['Engine', snapshot.product || snapshot.engine],
    ['Encrypted', 'AES-256-GCM, before leaving Headwater'],
    ['Verified', verified(snapshot)],
    ['Restorable', proven(snapshot)],
    ['Test restore', snapshot.drilled_at === null ? null : `${dayAndTime(snapshot.drilled_at)}${snapshot.drill_seconds === null ? '' : `, ${seconds(snapshot.drill_seconds)}`}${snapshot.drill_summary === null ? '' : `; ${snapshot.drill_summary}`}`],
  ]
  return found.filter((one): one is [string, string] => one[1] !== null)
}

/** The snapshot's position in the engine's own terms: numbers that matter only beside its logs. */
function momentOf(snapshot: SnapshotDetail): [string, string][] {
  return Object.entries(snapshot.moment).flatMap(([name, value]): [string, string][] => {
    const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
    return text === '' ? [] : [[words(name), text]]
  })
}

/** The name of the snapshot wherever a source is asked for. */
function Source({ snapshot }: { snapshot: SnapshotDetail }) {
  const name = sourceName(snapshot)
  return (
    <div className="row pb-2">
      <code className="cut">{name}</code>
      <button type="button" className="btn ghost icon" aria-label={`Copy ${name}`} onClick={() => void copyText(name, 'Name')}>
        <Copy className="i" aria-hidden="true" />
      </button>
    </div>
  )
}

function Pairs({ pairs, mono }: { pairs: [string, string][]; mono?: boolean }) {
  return (
    <dl className="facts">
      {pairs.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={mono ? 'mono' : ''}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export function Facts({ snapshot }: { snapshot: SnapshotDetail }) {
  if (snapshot.status !== 'complete') return null
  const problems = snapshot.verification?.problems ?? []
  const inEngine = momentOf(snapshot)
  return (
    <section>
      <Source snapshot={snapshot} />
      <Pairs pairs={pairs(snapshot)} />
      {inEngine.length > 0 && (
        <details className="pt-2">
          <summary className="dim small">Snapshot position ({snapshot.product || snapshot.engine})</summary>
          <div className="pt-2">
            <Pairs pairs={inEngine} mono />
          </div>
        </details>
      )}
      {snapshot.losses.length > 0 && (
        <>
          <h4 className="small pt-2">Not in this snapshot, or restored differently</h4>
          <ul className="small" aria-label="Losses">
            {snapshot.losses.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </>
      )}
      {snapshot.proof !== null && <Unrestorable proof={snapshot.proof} />}
      {problems.length > 0 && (
        <ul className="t-del small" role="alert">
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
    </section>
  )
}
