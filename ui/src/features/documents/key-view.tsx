// Owns one key: what it is, how long it lives, its value by type, and its end.
import { useQuery } from '@tanstack/react-query'
import { Clock, Copy, RefreshCw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { toast } from 'sonner'
import { EmptyState, Loaded } from '@/components/states'
import { ConfirmDialog } from '@/components/ui/dialog'
import { asApiError } from '@/lib/problem'
import { useDatabase } from '@/lib/database-scope'
import { copyText } from '@/lib/download'
import { bytes, count, seconds } from '@/lib/format'
import { entryQuery } from './api'
import { ExpiryDialog } from './expiry-dialog'
import { PartsTable } from './parts-table'
import { StringValue } from './string-value'
import { NAMES, TypeBadge } from './type-badge'
import { useChange } from './use-change'

export function KeyView({ id, onGone }: { id: string; onGone: () => void }) {
  const database = useDatabase()
  const entry = useQuery(entryQuery(database.id, '', id))
  const { canWrite, send, question } = useChange()
  const [asking, setAsking] = useState<'delete' | 'expiry' | null>(null)
  if (entry.error && asApiError(entry.error).status === 404) {
    return (
      <EmptyState text={`There is no key ${id}. It may have been deleted or may have expired.`}>
        <button type="button" className="btn" onClick={onGone}>
          Back to keys
        </button>
      </EmptyState>
    )
  }
  const remove = async () => {
    const one = entry.data
    const answer = await send({ kind: 'delete', id, was: one && one.type === 'string' && one.whole ? one.body : null })
    if (answer?.applied) onGone()
    else if (answer) toast.error(answer.now === null ? 'The key no longer exists.' : 'Somebody else changed this key in the meantime. Check it again.')
  }
  return (
    <Loaded query={entry} rows={6}>
      {(one) => (
        <>
          <div className="runbar keybar" role="toolbar" aria-label="Key">
            <TypeBadge type={one.type} />
            <h2 className="mono cut" title={one.id}>
              {one.id}
            </h2>
            <button type="button" className="btn ghost icon" aria-label="Copy the key's name" onClick={() => void copyText(one.id, 'Key')}>
              <Copy className="i" aria-hidden="true" />
            </button>
            <span className="grow" />
            <button type="button" className="btn ghost" disabled={!canWrite} title="Expiry" onClick={() => setAsking('expiry')}>
              <Clock className="i" aria-hidden="true" />
              {one.seconds_left === null ? 'never expires' : `${seconds(one.seconds_left)} left`}
            </button>
            <button type="button" className="btn ghost icon" aria-label="Refresh key" onClick={() => void entry.refetch()}>
              <RefreshCw className="i" aria-hidden="true" />
            </button>
            {canWrite && (
              <button type="button" className="btn ghost icon" aria-label="Delete the key" onClick={() => setAsking('delete')}>
                <Trash2 className="i" aria-hidden="true" />
              </button>
            )}
          </div>
          {one.type === 'string' ? <StringValue entry={one} canWrite={canWrite} send={send} /> : <PartsTable entry={one} canWrite={canWrite} send={send} />}
          <footer className="statusbar">
            <span>{NAMES[one.type] ?? one.type}</span>
            {one.length !== null && <span>{one.type === 'string' ? bytes(one.length) : count(one.length)}</span>}
            {one.size_bytes !== null && <span>{bytes(one.size_bytes)} in memory</span>}
            {database.protected && <span className="t-warn">protected: asks before writes</span>}
          </footer>
          {asking === 'expiry' && <ExpiryDialog entry={one} send={send} onClose={() => setAsking(null)} />}
          {asking === 'delete' && (
            <ConfirmDialog title="Delete the key?" text={`${one.id}. This cannot be undone.`} action="Delete" open onOpenChange={(open) => !open && setAsking(null)} onConfirm={remove} />
          )}
          {question}
        </>
      )}
    </Loaded>
  )
}
