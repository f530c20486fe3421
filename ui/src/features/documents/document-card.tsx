// Owns one document of the list: folded as a tree or as it is written, with what can be done to it.
import { Copy, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Entry } from '@/api/types'
import { JsonTree } from '@/components/json-tree'
import { useDatabase } from '@/lib/database-scope'
import { copyText, withErrorToast } from '@/lib/download'
import { documentOf, idText } from '@/lib/extended-json'
import { readEntry } from './api'

interface CardProps {
  holder: string
  entry: Entry
  asTree: boolean
  canWrite: boolean
  onEdit: (entry: Entry) => void
  onDelete: (entry: Entry) => void
}

export function DocumentCard({ holder, entry: given, asTree, canWrite, onEdit, onDelete }: CardProps) {
  const database = useDatabase()
  const [whole, setWhole] = useState<Entry | null>(null)
  const entry = whole ?? given
  const document = asTree ? documentOf(entry.body) : null
  const readWhole = () => readEntry(database.id, holder, given.id)
  // What is edited or deleted is compared with what was shown: of a cut document the rest must be read first.
  const withWhole = (then: (entry: Entry) => void) => void withErrorToast(async () => then(entry.whole ? entry : await readWhole()))
  return (
    <li className="doccard" aria-label={`Document ${idText(entry.id)}`}>
      <header>
        <code className="cut grow dim">{idText(entry.id)}</code>
        <button type="button" className="btn ghost icon" aria-label="Copy the document" onClick={() => withWhole((one) => void copyText(one.body, 'Document'))}>
          <Copy className="i" aria-hidden="true" />
        </button>
        {canWrite && (
          <>
            <button type="button" className="btn ghost icon" aria-label="Edit the document" onClick={() => withWhole(onEdit)}>
              <Pencil className="i" aria-hidden="true" />
            </button>
            <button type="button" className="btn ghost icon" aria-label="Delete the document" onClick={() => withWhole(onDelete)}>
              <Trash2 className="i" aria-hidden="true" />
            </button>
          </>
        )}
      </header>
      {document ? <JsonTree value={document} /> : <pre className="mono docbody">{entry.body}</pre>}
      {!entry.whole && (
        <button type="button" className="link" onClick={() => void withErrorToast(async () => setWhole(await readWhole()))}>
          Show full document
        </button>
      )}
    </li>
  )
}
