// Owns the look at what migrations would run, before they do.
import { useEffect, useState } from 'react'
import type { MigrationsRun } from '@/api/types'
import { ErrorNote, SkeletonRows } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { useDatabase } from '@/lib/database-scope'
import { asApiError } from '@/lib/problem'
import { runMigrations, type Direction } from './api'

interface RunDialogProps {
  way: Direction
  /** A version: up to and with it, or back to and without it; "" is all that is pending, or the last that was applied. */
  to: string
  onClose: () => void
  onRun: () => void
}

export function RunDialog({ way, to, onClose, onRun }: RunDialogProps) {
  const database = useDatabase()
  const [answer, setAnswer] = useState<MigrationsRun | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    void runMigrations(database.id, way, to, false).then(setAnswer, setError)
  }, [database.id, way, to])
  const run = async () => {
    setBusy(true)
    setError(null)
    try {
      const found = await runMigrations(database.id, way, to, true)
      setAnswer(found)
      onRun()
      if (found.error === null) onClose()
    } catch (failure) {
      setError(failure)
    }
    setBusy(false)
  }
  const verb = way === 'up' ? 'Apply' : 'Revert'
  const planned = answer?.planned ?? []
  return (
    <Dialog
      title={`${verb} ${planned.length === 1 ? 'this migration' : 'these migrations'}?`}
      description={database.protected ? `${database.name} is protected.` : ''}

      open
      onOpenChange={(open) => !open && onClose()}
    >
      {error !== null && <ErrorNote error={asApiError(error)} />}
      {answer?.error && (
        <p role="alert" className="note t-del">
          {answer.failed}: {answer.error.message} {answer.error.hint}
          {answer.done.length > 0 && ` Already run: ${answer.done.join(', ')}.`}
        </p>
      )}
      {answer === null && error === null && <SkeletonRows rows={3} />}
      {planned.map((one) => (
        <section key={one.version} aria-label={one.name}>
          <h3 className="row">
            <span className="mono dim">{one.version}</span> {one.name}
          </h3>
          <pre className="mono sqlpreview">{way === 'up' ? one.up : one.down}</pre>
        </section>
      ))}
      {answer && planned.length === 0 && <p className="dim">Nothing to run.</p>}
      <footer>
        <button type="button" className="btn" onClick={onClose}>
          Back
        </button>
        {planned.length > 0 && !answer?.error && (
          <button type="button" className={`btn ${way === 'down' ? 'danger' : 'primary'}`} disabled={busy} onClick={() => void run()}>
            {busy ? 'Running…' : verb}
          </button>
        )}
      </footer>
    </Dialog>
  )
}
