// Owns editing one document as JSON: saved only if nobody changed it meanwhile, else both sides are shown.
import { useState } from 'react'
import type { Entry, EntryChange, EntryChangeAnswer } from '@/api/types'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { idText } from '@/lib/extended-json'

interface EditorProps {
  holder: string
  /** The document as it was shown; null for a new one. */
  entry: Entry | null
  send: (change: EntryChange) => Promise<EntryChangeAnswer | null>
  onClose: () => void
}

export function DocumentEditor({ holder, entry, send, onClose }: EditorProps) {
  const [text, setText] = useState(entry?.body ?? '{\n  \n}')
  const [was, setWas] = useState(entry?.body ?? null)
  const [conflict, setConflict] = useState<{ now: string | null } | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      const change: EntryChange = entry ? { kind: 'replace', holder, id: entry.id, body: text, was } : { kind: 'insert', holder, body: text }
      const answer = await send(change)
      if (answer?.applied) return onClose()
      if (answer) setConflict({ now: answer.now ?? null })
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  const settle = (theirs: string, mine: string) => {
    setWas(theirs)
    setText(mine)
    setConflict(null)
  }
  const now = conflict?.now ?? null
  return (
    <Dialog title={entry ? 'Edit the document' : `New document in ${holder}`} description={entry ? idText(entry.id) : 'An _id is generated if you leave it out.'} open onOpenChange={(open) => !open && onClose()}>
      {error !== null && <ErrorNote error={error} />}
      {conflict && (
        <div role="alert" className="note">
          <div className="grow">
            <p className="t-warn">{now === null ? 'Somebody else deleted this document in the meantime.' : 'Somebody else changed this document in the meantime. Nothing was saved.'}</p>
            {now !== null && <pre className="mono sqlpreview">{now}</pre>}
            {now !== null && (
              <p className="row mt-2">
                <button type="button" className="btn" onClick={() => settle(now, now)}>
                  Use theirs
                </button>
                <button type="button" className="btn" onClick={() => settle(now, text)}>
                  Overwrite with mine
                </button>
              </p>
            )}
          </div>
        </div>
      )}
      <textarea className="area mono docarea" aria-label="Document as JSON" spellCheck={false} rows={18} value={text} onChange={(event) => setText(event.target.value)} />
      <footer>
        <button type="button" className="btn" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="btn primary" disabled={busy || conflict !== null || (entry !== null && text === was && text === entry.body)} onClick={() => void save()}>
          {entry ? 'Save' : 'Insert'}
        </button>
      </footer>
    </Dialog>
  )
}
