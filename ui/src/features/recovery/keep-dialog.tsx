// Owns turning recovery on and off, and for how long moments can be reached.
import { useState, type FormEvent } from 'react'
import type { RecoveryStatus } from '@/api/types'
import { TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { useDatabase } from '@/lib/database-scope'
import { asApiError } from '@/lib/problem'
import { useKeep } from './api'

export function KeepDialog({ status, onClose }: { status: RecoveryStatus; onClose: () => void }) {
  const database = useDatabase()
  const keep = useKeep(database.id)
  const [days, setDays] = useState(String(status.window_days))
  const [every, setEvery] = useState(String(status.base_days))
  const failure = keep.error ? asApiError(keep.error) : null
  const send = (enabled: boolean) => keep.mutate({ enabled, window_days: Number(days), base_days: Number(every) }, { onSuccess: onClose })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send(true)
  }
  const text = status.enabled
    ? `${database.name} keeps the log of its changes in the vault.`
    : `${database.name} will keep the log of its changes in the vault. It is restarted for that: its clients connect again.`
  return (
    <Dialog title="To a moment" description={text} open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        {failure && Object.keys(failure.fields).length === 0 && <ErrorNote error={failure} />}
        <TextField label="Days that can be reached" type="number" min={1} max={366} required value={days} error={failure?.fields['window_days']} onChange={(event) => setDays(event.target.value)} />
        <TextField
          label="Days between base backups"
          type="number"
          min={1}
          max={31}
          required
          value={every}
          note="A recovery begins with one and replays the log from there."
          error={failure?.fields['base_days']}
          onChange={(event) => setEvery(event.target.value)}
        />
        <footer>
          {status.enabled && (
            <button type="button" className="btn danger" disabled={keep.isPending} title="It is restarted; what is there can be reached until its days are over" onClick={() => send(false)}>
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
