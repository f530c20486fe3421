// Owns the detail of one usage: where it stands, its lines, why we think so, what reaches it, and the column it uses.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight, Copy, ExternalLink } from 'lucide-react'
import type { Codebase, Usage } from '@/api/types'
import { KindLetter, TierMark } from '@/components/marks'
import { copyText } from '@/lib/download'
import { words } from '@/lib/format'
import { isSameLock, type Lock } from '@/lib/graph-lock'
import { useHotkeys } from '@/lib/hotkeys'
import { kindInfo } from '@/lib/usage-kinds'
import { isWrite, writersOf } from '@/lib/writers'
import { columnSummariesQuery, writersQuery } from './api'
import { useLineage } from './lineage-context'
import { UsageCode } from './usage-code'
import { UsageEndpoints } from './usage-endpoints'

function Why({ usage }: { usage: Usage }) {
  return (
    <section>
      <div className="row">
        <h3>Evidence</h3>
        <span className="end">
          <TierMark tier={usage.tier} />
        </span>
      </div>
      {usage.evidence.length === 0 ? (
        <p className="dim mt-2">Matched by name only.</p>
      ) : (
        <ol className="why">
          {usage.evidence.map((step, index) => (
            <li key={index}>
              {step.file_path ? step.text.replace(/\.$/, '') : step.text}
              {step.file_path && (
                <>
                  {', '}
                  <Link from="/p/$project" to="/p/$project/files/$" params={(now) => ({ ...now, _splat: step.file_path ?? '' })} search={{ line: step.line_number ?? undefined }} className="link mono">
                    {step.file_path === usage.file_path ? `line ${step.line_number}` : `${step.file_path.slice(step.file_path.lastIndexOf('/') + 1)}:${step.line_number}`}
                  </Link>
                </>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function ColumnFacts({ usage, codebase }: { usage: Usage; codebase: Codebase }) {
  const { toggleLock, lock } = useLineage()
  const column = useQuery(columnSummariesQuery(codebase.id)).data?.find((one) => one.column_id === usage.column_id)
  const name = `${usage.table_name}.${usage.column_name}`
  const mine: Lock = { kind: 'column', table: usage.table_name, column: usage.column_name }
  return (
    <section className="facts">
      <h3>Column</h3>
      <dl>
        <dt>Name</dt>
        <dd>
          {isSameLock(lock, mine) ? (
            <code>{name}</code>
          ) : (
            <button type="button" className="link mono" title="Lock the path of this column" onClick={() => toggleLock(mine)}>
              {name}
            </button>
          )}
        </dd>
        {column && (
          <>
            <dt>Type</dt>
            <dd>
              <code>
                {column.type}
                {column.nullable ? '' : ' not null'}
                {column.primary_key ? ', primary key' : ''}
              </code>
            </dd>
          </>
        )}
        {column?.references && (
          <>
            <dt>References</dt>
            <dd>
              <code>
                {column.references.table}.{column.references.column}
              </code>
            </dd>
          </>
        )}
        <dt>Access</dt>
        <dd>
          {usage.via === 'orm' || usage.via === 'sql' ? usage.via.toUpperCase() : words(usage.via)}
          {usage.sub_type ? ` (${usage.sub_type})` : ''}
        </dd>
      </dl>
    </section>
  )
}

const MOST_WRITERS = 12

/** Who else writes the column: what somebody who changes a write has to know. */
function Writers({ usage, codebase }: { usage: Usage; codebase: Codebase }) {
  const answer = useQuery(writersQuery(codebase.id, usage.table_name, usage.column_name))
  if (!answer.data) return null
  const writers = writersOf(answer.data.usages, usage)
  return (
    <section>
      <h3>Written by</h3>
      <ul className="writers" aria-label={`Code that writes ${usage.table_name}.${usage.column_name}`}>
        {writers.slice(0, MOST_WRITERS).map((writer) => (
          <li key={`${writer.file} ${writer.symbol}`}>
            <Link from="/p/$project" to="/p/$project/files/$" params={(now) => ({ ...now, _splat: writer.file })} search={{ line: writer.line }} className="link mono">
              {writer.symbol || 'the file itself'}
            </Link>{' '}
            <span className="dim">
              {writer.file}
              {writer.count > 1 ? `, ${writer.count} places` : ''}
              {writer.own ? ' (this one)' : ''}
            </span>
          </li>
        ))}
      </ul>
      {(writers.length > MOST_WRITERS || answer.data.next) && <p className="small dim mt-2">More are in the list of usages: filter by Write and Update.</p>}
    </section>
  )
}

interface UsageDetailProps {
  usage: Usage
  index: number
  total: string
  codebase: Codebase
  onStep: (step: 1 | -1) => void
}

export function UsageDetail({ usage, index, total, codebase, onStep }: UsageDetailProps) {
  useHotkeys({ '[': () => onStep(-1), ']': () => onStep(1) })
  const place = `${usage.file_path}:${usage.line_number}`
  return (
    <aside className="detail" aria-label="Usage">
      <header>
        <KindLetter kind={usage.usage_type} />
        <h2 className="cut grow">
          {kindInfo(usage.usage_type).label} <span className="font-normal">in</span> <code>{usage.symbol || 'the file itself'}</code>
        </h2>
        <span className="small dim">
          {index + 1} of {total}
        </span>
        <button type="button" className="btn ghost icon" aria-label="Previous usage" onClick={() => onStep(-1)}>
          <ChevronLeft className="i" aria-hidden="true" />
        </button>
        <button type="button" className="btn ghost icon" aria-label="Next usage" onClick={() => onStep(1)}>
          <ChevronRight className="i" aria-hidden="true" />
        </button>
      </header>
      <div className="where">
        <code className="cut grow" title={place}>
          {place}
        </code>
        <button type="button" className="btn ghost icon" aria-label={`Copy ${place}`} onClick={() => void copyText(place, 'Location')}>
          <Copy className="i" aria-hidden="true" />
        </button>
        <Link from="/p/$project" to="/p/$project/files/$" params={(now) => ({ ...now, _splat: usage.file_path })} search={{ line: usage.line_number }} className="btn">
          <ExternalLink className="i" aria-hidden="true" />
          Open
        </Link>
      </div>
      <UsageCode usage={usage} codebase={codebase} />
      <Why usage={usage} />
      {isWrite(usage) && <Writers usage={usage} codebase={codebase} />}
      <UsageEndpoints usage={usage} codebase={codebase} />
      <ColumnFacts usage={usage} codebase={codebase} />
    </aside>
  )
}
