// Owns the card of point-in-time recovery: the available window, and the ways to start.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { RecoveryStatus } from '@/api/types'
import { useEngine } from '@/features/databases/api'
import { useDatabase } from '@/lib/database-scope'
import { withErrorToast } from '@/lib/download'
import { bytes, plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { recoveryQuery, useCreateBaseBackup } from './api'
import { RecoverySettingsDialog } from './settings-dialog'
import { lagText, exactTime, windowSegments } from './recovery-target'
import { RestorePointDialog } from './restore-point-dialog'
import { RecoverDialog } from './recover-dialog'

export function WindowBar({ windows }: { windows: RecoveryStatus['windows'] }) {
  const said = windows.map((one) => `${exactTime(one.earliest)} to ${exactTime(one.latest)}`).join(', and ')
  return (
    <div className="recovery-window" role="img" aria-label={`Any time from ${said}`}>
      {windowSegments(windows).map((one) => (
        <i key={one.left} style={{ left: `${one.left}%`, width: `${one.width}%` }} />
      ))}
    </div>
  )
}

export function RecoveryWindow({ status }: { status: RecoveryStatus }) {
  const making = status.bases.some((one) => one.status === 'taking')
  const late = lagText(status)
  return (
    <>
      {status.windows.length > 0 && <WindowBar windows={status.windows} />}
      <p className="small">
        {status.earliest && status.latest ? (
          <>
            Any time from <b>{exactTime(status.earliest)}</b> to <b>{exactTime(status.latest)}</b>
            {status.windows.length > 1 && <span className="t-warn">, except for the gaps</span>}.
          </>
        ) : (
          <span className="dim">{making ? 'Taking the first base backup.' : 'No recovery point yet.'}</span>
        )}{' '}
        <span className="dim">
          {plural(status.bases.filter((one) => one.usable).length, 'base backup')}, {bytes(status.log_bytes)} of log, retention {plural(status.window_days, 'day')}.
          {status.earliest && making && ' Taking a base backup.'}
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

function RecoveryOverview({ status }: { status: RecoveryStatus }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const [open, setOpen] = useState<Open>(null)
  const base = useCreateBaseBackup(database.id)
  const isAdmin = project.role === 'owner' || project.role === 'admin'
  const canWrite = project.role !== 'viewer'
  const close = () => setOpen(null)
  if (!status.enabled && status.windows.length === 0 && !isAdmin) return null
  return (
    <section className="recovery-card" aria-label="Point-in-time recovery">
      <div className="row">
        <h2 className="grow">Point-in-time recovery</h2>
        {canWrite && status.windows.length > 0 && (
          <button type="button" className="btn primary" onClick={() => setOpen('recover')}>
            Restore to…
          </button>
        )}
        {canWrite && status.enabled && (
          <>
            <button type="button" className="btn" onClick={() => setOpen('point')}>
              Create restore point
            </button>
            <button type="button" className="btn hide-p" disabled={base.isPending || status.bases.some((one) => one.status === 'taking')} onClick={() => void withErrorToast(() => base.mutateAsync(undefined))}>
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
        <RecoveryWindow status={status} />
      ) : (
        <p className="small dim">Off. When on, you can restore {database.name} to any second, as a new database.</p>
      )}
      {open === 'recover' && <RecoverDialog status={status} onClose={close} />}
      {open === 'keep' && <RecoverySettingsDialog status={status} onClose={close} />}
      {open === 'point' && <RestorePointDialog onClose={close} />}
    </section>
  )
}

export function RecoveryCard() {
  const database = useDatabase()
  const able = useEngine(database.engine)?.recovery === true && database.origin === 'managed'
  const status = useQuery({ ...recoveryQuery(database.id), enabled: able })
  return able && status.data ? <RecoveryOverview status={status.data} /> : null
}
