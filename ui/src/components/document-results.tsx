// Owns a result that is a list of documents: each folded as a tree, a batch at a time.
import { useState } from 'react'
import type { Cell } from '@/api/types'
import { documentOf } from '@/lib/extended-json'
import { JsonTree } from './json-tree'

const BATCH = 50

export function DocumentResults({ rows }: { rows: readonly (readonly Cell[])[] }) {
  const [most, setMost] = useState(BATCH)
  return (
    <div className="scroll docscroll grow" tabIndex={0} role="region" aria-label="Documents">
      <ol className="doclist">
        {rows.slice(0, most).map((row, at) => {
          const text = String(row[0] ?? '')
          const document = documentOf(text)
          return (
            <li key={at} className="doccard" aria-label={`Document ${at + 1}`}>
              {document ? <JsonTree value={document} /> : <pre className="mono docbody">{text}</pre>}
            </li>
          )
        })}
      </ol>
      {rows.length > most && (
        <p className="p-4">
          <button type="button" className="btn" onClick={() => setMost(most + BATCH * 4)}>
            More documents
          </button>
        </p>
      )}
    </div>
  )
}
