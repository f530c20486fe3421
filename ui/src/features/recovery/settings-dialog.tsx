// Owns the settings of point-in-time recovery: on or off, retention, and how often base backups are taken.
import { useState, type FormEvent } from 'react'
import type { RecoveryStatus } from '@/api/types'
import { TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { useDatabase } from '@/lib/database-scope'
import { asApiError } from '@/lib/problem'
import { useRecoverySettings } from './api'

export function RecoverySettingsDialog({ status, onClose }: { status: RecoveryStatus; onClose: () => void }) {
  const database = useDatabase()
  const keep = useRecoverySettings(database.id)
  const [days, setDays] = useState(String(status.window_days))
  const [every, setEvery] = useState(String(status.base_days))
  const failure = keep.error ? asApiError(keep.error) : null
  const send = (enabled: boolean) => keep.mutate({ enabled, window_days: Number(days), base_days: Number(every) }, { onSuccess: onClose })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send(true)
  }
  const text = status.enabled
    ? `${database.name} archives its change log (WAL) to snapshot storage.`
    : `${database.name} will archive its change log (WAL) to snapshot storage. The database restarts once; clients reconnect.`
  return (
    <Dialog title="Point-in-time recovery" description={text} open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        {failure && Object.keys(failure.fields).length === 0 && <ErrorNote error={failure} />}
        <TextField label="Retention (days)" type="number" min={1} max={366} required value={days} error={failure?.fields['window_days']} onChange={(event) => setDays(event.target.value)} />
        <TextField
          label="Days between base backups"
          type="number"
          min={1}
          max={31}
          required
          value={every}
          note="A recovery starts from a base backup and replays the log."
          error={failure?.fields['base_days']}
          onChange={(event) => setEvery(event.target.value)}
        />
        <footer>
          {status.enabled && (
            <button type="button" className="btn danger" disabled={keep.isPending} title="The database restarts. Existing recovery points stay available until their retention ends." onClick={() => send(false)}>
              Turn off and restart
            </button>
          )}
          <button type="submit" className="btn primary" disabled={keep.isPending}>
            {status.enabled ? 'Save' : 'Turn on and restart'}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
