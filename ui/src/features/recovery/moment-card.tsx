// Owns the card "To a moment" of the history: which moments can be reached, and the ways to begin.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { RecoveryStatus } from '@/api/types'
import { useEngine } from '@/features/databases/api'
import { useDatabase } from '@/lib/database-scope'
import { tellFailure } from '@/lib/download'
import { bytes, plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { recoveryQuery, useBase } from './api'
import { KeepDialog } from './keep-dialog'
import { behind, exact, parts } from './moments'
import { PointDialog } from './point-dialog'
import { RecoverDialog } from './recover-dialog'

export function WindowBar({ windows }: { windows: RecoveryStatus['windows'] }) {
  const said = windows.map((one) => `${exact(one.earliest)} to ${exact(one.latest)}`).join(', and ')
  return (
    <div className="momentbar" role="img" aria-label={`Any moment from ${said}`}>
      {parts(windows).map((one) => (
        <i key={one.left} style={{ left: `${one.left}%`, width: `${one.width}%` }} />
      ))}
    </div>
  )
}

export function Reach({ status }: { status: RecoveryStatus }) {
  const making = status.bases.some((one) => one.status === 'taking')
  const late = behind(status)
  return (
    <>
      {status.windows.length > 0 && <WindowBar windows={status.windows} />}
      <p className="small">
        {status.earliest && status.latest ? (
          <>
            Any moment from <b>{exact(status.earliest)}</b> to <b>{exact(status.latest)}</b>
            {status.windows.length > 1 && <span className="t-warn">, but for the gaps</span>}.
          </>
        ) : (
          <span className="dim">{making ? 'The first base backup is being made.' : 'No moment can be reached yet.'}</span>
        )}{' '}
        <span className="dim">
          {plural(status.bases.filter((one) => one.usable).length, 'base backup')}, {bytes(status.log_bytes)} of log, kept for {plural(status.window_days, 'day')}.
          {status.earliest && making && ' A base backup is being made.'}
        </span>
      </p>
      {late && <p className="small t-warn">{late}</p>}
      {status.problem && (
        <p className="small t-del" role="alert">
          {status.problem}
        </p>
      )}
    </>
  )
}

type Open = 'recover' | 'keep' | 'point' | null

function Shown({ status }: { status: RecoveryStatus }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const [open, setOpen] = useState<Open>(null)
  const base = useBase(database.id)
  const isAdmin = project.role === 'owner' || project.role === 'admin'
  const canWrite = project.role !== 'viewer'
  const close = () => setOpen(null)
  if (!status.enabled && status.windows.length === 0 && !isAdmin) return null
  return (
    <section className="moments" aria-label="To a moment">
      <div className="row">
        <h2 className="grow">To a moment</h2>
        {canWrite && status.windows.length > 0 && (
          <button type="button" className="btn primary" onClick={() => setOpen('recover')}>
            Go back to…
          </button>
        )}
        {canWrite && status.enabled && (
          <>
            <button type="button" className="btn" onClick={() => setOpen('point')}>
              Name this moment
            </button>
            <button type="button" className="btn hide-p" disabled={base.isPending || status.bases.some((one) => one.status === 'taking')} onClick={() => void tellFailure(() => base.mutateAsync(undefined))}>
              Base backup
            </button>
          </>
        )}
        {isAdmin && (
          <button type="button" className="btn" onClick={() => setOpen('keep')}>
            {status.enabled ? 'Settings' : 'Turn on'}
          </button>
        )}
      </div>
      {status.enabled || status.windows.length > 0 ? (
        <Reach status={status} />
      ) : (
        <p className="small dim">Off. When it is on, {database.name} can be brought back to any second, as a new database.</p>
      )}
      {open === 'recover' && <RecoverDialog status={status} onClose={close} />}
      {open === 'keep' && <KeepDialog status={status} onClose={close} />}
      {open === 'point' && <PointDialog onClose={close} />}
    </section>
  )
}

export function MomentCard() {
  const database = useDatabase()
  const able = useEngine(database.engine)?.recovery === true && database.origin === 'managed'
  const status = useQuery({ ...recoveryQuery(database.id), enabled: able })
  return able && status.data ? <Shown status={status.data} /> : null
}
