// Owns the review of staged edits: their SQL before anything happens, then what came of them.
import { useEffect, useState } from 'react'
import type { EditsAnswer, EditsRequest } from '@/api/types'
import { ErrorNote, SkeletonRows } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { asApiError } from '@/lib/problem'
import { plural } from '@/lib/format'
import { sendEdits } from './api'

// Of each statement: a value may have millions of characters, and nobody reads them here.
const SHOWN = 4000
const shortened = (statement: string) => (statement.length > SHOWN ? `${statement.slice(0, SHOWN)} … ${plural(statement.length, 'character')} in all` : statement)

interface ReviewProps {
  database: { id: string; name: string; protected: boolean }
  input: Omit<EditsRequest, 'apply' | 'confirmed'>
  onClose: () => void
  onApplied: () => void
}

export function ReviewDialog({ database, input, onClose, onApplied }: ReviewProps) {
  const [answer, setAnswer] = useState<EditsAnswer | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    void sendEdits(database.id, { ...input, apply: false, confirmed: false }).then(setAnswer, setError)
  }, [database.id, input])
  const apply = async () => {
    setBusy(true)
    setError(null)
    try {
      // Whoever presses the button below has seen the statements: that is the confirmation of a protected database.
      const found = await sendEdits(database.id, { ...input, apply: true, confirmed: true })
      setAnswer(found)
      if (found.applied) onApplied()
    } catch (failure) {
      setError(failure)
    }
    setBusy(false)
  }
  return (
    <Dialog title={`Review ${plural(input.edits.length, 'change')}`} description={database.protected ? `${database.name} is protected.` : ''} open onOpenChange={(open) => !open && onClose()}>
      {error !== null && <ErrorNote error={asApiError(error)} />}
      {answer?.error && (
        <p role="alert" className="note t-del">
          {answer.error} Nothing was saved.
        </p>
      )}
      {answer && answer.conflicts.length > 0 && (
        <div role="alert" className="note">
          <div>
            <p className="t-warn">Somebody else changed {plural(answer.conflicts.length, 'row')} in the meantime. Nothing was saved.</p>
            {answer.conflicts.map((conflict) => (
              <p key={conflict.edit} className="small">
                {shortened(answer.statements[conflict.edit] ?? '')} {conflict.now === null ? '– the row was deleted' : `– it is now ${shortened(JSON.stringify(conflict.now))}`}
              </p>
            ))}
          </div>
        </div>
      )}
      {answer ? <pre className="mono sqlpreview">{answer.statements.map(shortened).join('\n')}</pre> : error === null && <SkeletonRows rows={3} />}
      <footer>
        <button type="button" className="btn" onClick={onClose}>
          Back
        </button>
        <button type="button" className="btn primary" disabled={busy || answer === null} onClick={() => void apply()}>
          Apply
        </button>
      </footer>
    </Dialog>
  )
}
