// Owns the preview of a change of the schema: its SQL and what can go wrong, before it is applied.
import { TriangleAlert } from 'lucide-react'
import { useEffect, useState } from 'react'
import { toast } from 'sonner'
import type { SchemaChange, SchemaChangesAnswer } from '@/api/types'
import { ErrorNote, SkeletonRows } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { addMigration } from '@/features/migrations/api'
import { withErrorToast } from '@/lib/download'
import { asApiError } from '@/lib/problem'
import { changeSchema } from './api'

const DANGERS: Record<string, string> = { data_loss: 'Data loss', rewrite: 'Table rewrite', lock: 'Lock', breaks_readers: 'Breaking change', may_fail: 'May fail' }

/** "AddColumn" of a table as the words of a migration's name. */
const describe = (change: SchemaChange) =>
  `${change.kind.replace(/(?<=.)([A-Z])/g, ' $1').toLowerCase()} ${change.table}`

interface ChangeDialogProps {
  database: { id: string; name: string; protected: boolean }
  /** Applied together where the engine can; the same array as long as they are the same. */
  changes: readonly SchemaChange[]
  onClose: () => void
  onApplied: () => void
}

export function ChangeDialog({ database, changes, onClose, onApplied }: ChangeDialogProps) {
  const [answer, setAnswer] = useState<SchemaChangesAnswer | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    void changeSchema(database.id, changes, false, false).then(setAnswer, setError)
  }, [database.id, changes])
  const apply = async () => {
    setBusy(true)
    setError(null)
    try {
      const found = await changeSchema(database.id, changes, true, true)
      setAnswer(found)
      if (found.applied) onApplied()
    } catch (failure) {
      setError(failure)
    }
    setBusy(false)
  }
  const keep = () =>
    withErrorToast(async () => {
      const made = await addMigration(database.id, { name: changes.map(describe).join(', ').slice(0, 200), changes: [...changes] })
      toast.success(`Saved as migration ${made.version}`)
      onClose()
    })
  const done = answer?.steps.every((step) => step.transactional) ? 0 : (answer?.failed_step ?? 0)
  const hazards = answer?.steps.flatMap((step) => step.hazards) ?? []
  const loses = hazards.some((hazard) => hazard.kind === 'data_loss')
  return (
    <Dialog title={changes.length === 1 ? 'Apply this change?' : `Apply these ${changes.length} changes?`} description={database.protected ? `${database.name} is protected.` : ''} open onOpenChange={(open) => !open && onClose()}>
      {error !== null && <ErrorNote error={asApiError(error)} />}
      {answer?.error && (
        <p role="alert" className="note t-del">
          {answer.error} {done > 0 ? `The ${done === 1 ? 'change' : `${done} changes`} before it ${done === 1 ? 'was' : 'were'} applied and cannot be rolled back.` : 'Nothing was changed.'}
        </p>
      )}
      {answer ? <pre className="mono sqlpreview">{answer.steps.flatMap((step) => step.statements.map((statement) => `${statement};`)).join('\n')}</pre> : error === null && <SkeletonRows rows={3} />}
      {hazards.map((hazard, at) => (
        <p key={at} className="row">
          <TriangleAlert className={`i ${hazard.kind === 'data_loss' ? 't-del' : 't-warn'}`} aria-hidden="true" />
          <span>
            <b>{DANGERS[hazard.kind] ?? hazard.kind}.</b> {hazard.text}
          </span>
        </p>
      ))}
      {answer && hazards.length === 0 && <p className="dim">No known risks.</p>}
      <footer>
        <button type="button" className="btn" onClick={onClose}>
          Back
        </button>
        <button type="button" className="btn" disabled={busy || answer === null} onClick={() => void keep()}>
          Save as migration
        </button>
        <button type="button" className={`btn ${loses ? 'danger' : 'primary'}`} disabled={busy || answer === null} onClick={() => void apply()}>
          Apply
        </button>
      </footer>
    </Dialog>
  )
}
