// Owns the editing of bytes: looked at as hex, taken from a file or from pasted hex or base64, saved as a file.
import { Download, Upload } from 'lucide-react'
import { useId, useState, type KeyboardEvent } from 'react'
import type { Cell } from '@/api/types'
import { Segmented } from '@/components/field'
import { bytesOf, capacityOf, cellOf, endingOf, hexLines, MOST_BYTES, notationOf, readBytes, SHOWN_BYTES, type Notation } from '@/lib/binary'
import { saveBlob } from '@/lib/download'
import { bytes as sizeOf, plural } from '@/lib/format'
import { EditorFrame, isNullKey, NullButton } from '@/components/grid/editor-frame'

interface BinaryEditorProps {
  table: string
  name: string
  type: string
  value: string | null
  done: (value?: Cell) => void
}

/** What is to be staged: nothing yet, bytes, or a sentence saying why it cannot be. */
type Draft = { bytes: Uint8Array; from: string } | { problem: string } | null

function checked(bytes: Uint8Array, from: string, type: string): Draft {
  const most = Math.min(MOST_BYTES, capacityOf(type))
  return bytes.length > most ? { problem: `${plural(bytes.length, 'byte')} ${from}: the limit ${most < MOST_BYTES ? `of ${type}` : 'here'} is ${plural(most, 'byte')}.` } : { bytes, from }
}

export function BinaryEditor({ table, name, type, value, done }: BinaryEditorProps) {
  const id = useId()
  const [before] = useState(() => bytesOf(value))
  const [draft, setDraft] = useState<Draft>(null)
  const [pasted, setPasted] = useState('')
  const [notation, setNotation] = useState<Notation>('hex')
  const shown = draft && 'bytes' in draft ? draft.bytes : before
  const fixed = before !== null && before.length > MOST_BYTES
  const save = () => (draft && 'bytes' in draft ? done(cellOf(draft.bytes)) : done())
  const read = (text: string, as: Notation) => {
    setPasted(text)
    setNotation(as)
    const found = readBytes(text, as)
    setDraft(text.trim() === '' ? null : typeof found === 'string' ? { problem: found } : checked(found, `from ${as}`, type))
  }
  const upload = async (file: File | undefined) => {
    if (!file) return
    setPasted('')
    // What is too large is not even read.
    setDraft(file.size > MOST_BYTES ? { problem: `${file.name} is ${sizeOf(file.size)}; the limit here is ${sizeOf(MOST_BYTES)}.` } : checked(new Uint8Array(await file.arrayBuffer()), `from ${file.name}`, type))
  }
  const onKey = (event: KeyboardEvent) => {
    if (isNullKey(event) && !fixed) {
      event.preventDefault()
      done(null)
    }
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) save()
  }
  return (
    // A press beside it may come from choosing a file: bytes that wait for being staged are not lost by it.
    <EditorFrame label={`${name}, ${type}`} onLeave={(how) => (how === 'escape' || draft === null) && done()} onKey={onKey} className="bytes">
      <p className="row small">
        <span className="grow">{shown === null ? 'NULL' : `${plural(shown.length, 'byte')}${shown.length > 9999 ? `, ${sizeOf(shown.length)}` : ''}`}</span>
        {shown !== null && shown.length > SHOWN_BYTES && <span className="dim">first {SHOWN_BYTES} shown</span>}
      </p>
      <pre className="mono hexview" tabIndex={0} role="region" aria-label={`Bytes of ${name}`}>
        {shown === null ? '' : hexLines(shown).join('\n')}
      </pre>
      {!fixed && (
        <div className="pasting">
          <textarea className="mono" rows={2} aria-label="Hex or base64" aria-describedby={`${id}-said`} placeholder="Paste hex or base64" autoFocus spellCheck={false} value={pasted} onChange={(event) => read(event.target.value, notationOf(event.target.value))} />
          <Segmented label="Read as" value={notation} onChange={(as) => read(pasted, as)} options={[{ value: 'hex', label: 'hex' }, { value: 'base64', label: 'base64' }]} />
        </div>
      )}
      <p id={`${id}-said`} role="status" className={`small remark ${draft && 'problem' in draft ? 't-del' : 'dim'}`}>
        {fixed ? `Values over ${sizeOf(MOST_BYTES)} can be viewed but not edited here.` : draft === null ? '' : 'problem' in draft ? draft.problem : `${plural(draft.bytes.length, 'byte')} ${draft.from}`}
      </p>
      <div className="row small">
        {!fixed && (
          <>
            <button type="button" className="btn" disabled={draft === null || 'problem' in draft} onClick={save}>
              OK
            </button>
            <label className="btn filebtn">
              <Upload className="i" aria-hidden="true" />
              File
              <input type="file" className="sr" aria-label={`File for ${name}`} onChange={(event) => void upload(event.target.files?.[0])} />
            </label>
          </>
        )}
        {shown !== null && (
          <button type="button" className="btn icon" aria-label="Download" title="Download" onClick={() => saveBlob(new Blob([shown.slice()]), `${table}-${name}.${endingOf(shown)}`)}>
            <Download className="i" aria-hidden="true" />
          </button>
        )}
        {!fixed && <NullButton onNull={() => done(null)} />}
      </div>
    </EditorFrame>
  )
}
