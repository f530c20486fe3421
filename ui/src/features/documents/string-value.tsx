// Owns the value of a string: shown as text or as formatted JSON, and saved if nobody changed it meanwhile.
import { useState } from 'react'
import type { Entry, EntryChange, EntryChangeAnswer } from '@/api/types'
import { withErrorToast } from '@/lib/download'

interface ValueProps {
  entry: Entry
  canWrite: boolean
  send: (change: EntryChange) => Promise<EntryChangeAnswer | null>
}

function formatted(text: string): string | null {
  if (!/^\s*[[{]/.test(text)) return null
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return null
  }
}

export function StringValue({ entry, canWrite, send }: ValueProps) {
  const [draft, setDraft] = useState<string | null>(null)
  const [conflict, setConflict] = useState<{ now: string | null } | null>(null)
  const [pretty, setPretty] = useState(false)
  const json = formatted(entry.body)
  const editable = canWrite && entry.whole && !entry.binary
  const save = () =>
    void withErrorToast(async () => {
      const answer = await send({ kind: 'replace', id: entry.id, body: draft ?? '', was: entry.body })
      if (answer?.applied) setDraft(null)
      else if (answer) setConflict({ now: answer.now ?? null })
    })
  return (
    <div className="keyvalue">
      {conflict && (
        <div role="alert" className="note m-3">
          <div className="grow">
            <p className="t-warn">{conflict.now === null ? 'The key no longer exists.' : 'Somebody else changed this value in the meantime. Nothing was saved. Their value:'}</p>
            {conflict.now !== null && <pre className="mono sqlpreview">{conflict.now}</pre>}
          </div>
          <button type="button" className="btn" onClick={() => setConflict(null)}>
            OK
          </button>
        </div>
      )}
      {entry.binary && <p className="dim small px-4 py-1">Binary data: shown escaped, and cannot be edited here.</p>}
      {!entry.whole && <p className="dim small px-4 py-1">Only the start of this value is shown.</p>}
      {pretty && json !== null ? (
        <pre className="mono docbody grow scroll">{json}</pre>
      ) : (
        <textarea className="keytext mono" aria-label="Value" spellCheck={false} readOnly={!editable} value={draft ?? entry.body} onChange={(event) => setDraft(event.target.value)} />
      )}
      {(json !== null || draft !== null) && (
        <div className="runbar">
          {json !== null && draft === null && (
            <button type="button" className="btn ghost" aria-pressed={pretty} onClick={() => setPretty(!pretty)}>
              {pretty ? 'Show raw' : 'Format JSON'}
            </button>
          )}
          {draft !== null && (
            <>
              <span className="grow" />
              <button type="button" className="btn" onClick={() => setDraft(null)}>
                Cancel
              </button>
              <button type="button" className="btn primary" disabled={draft === entry.body} onClick={save}>
                Save
              </button>
            </>
          )}
        </div>
      )}
    </div>
  )
}
