// Owns the editing of one cell: a field fit for its type, NULL by a key of its own, Escape leaves it as it was.
import { useState, type KeyboardEvent } from 'react'
import type { Cell, ResultColumn } from '@/api/types'
import { isNullKey, NullButton } from '@/components/grid/editor-frame'

interface CellEditorProps {
  column: ResultColumn
  value: Cell
  choices: readonly string[] | null
  done: (value?: Cell) => void
}

/** A typed text as a value of the column: a number where it is one, exactly. */
export function parsed(column: ResultColumn, text: string): Cell {
  if (column.kind === 'boolean') return /^t/i.test(text)
  if (column.kind === 'number' && text.trim() !== '' && Number.isSafeInteger(Number(text)) && /^-?\d+$/.test(text.trim())) return Number(text)
  return text
}

export function CellEditor({ column, value, choices, done }: CellEditorProps) {
  const [text, setText] = useState(value === null ? '' : String(value))
  const save = () => done(text === (value === null ? '' : String(value)) ? value : parsed(column, text))
  const onKey = (event: KeyboardEvent) => {
    event.stopPropagation()
    if (event.key === 'Escape') done()
    if (isNullKey(event)) {
      event.preventDefault()
      done(null)
    }
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      save()
    }
  }
  const label = `${column.name}, ${column.type}`
  const options = column.kind === 'boolean' ? ['true', 'false'] : choices
  const long = column.kind === 'json' || column.kind === 'array' || text.length > 60 || text.includes('\n')
  const shared = { 'aria-label': label, onKeyDown: onKey, autoFocus: true, className: 'mono' }
  return (
    <div className="celled">
      {options ? (
        <select {...shared} value={text} onChange={(event) => setText(event.target.value)} onBlur={save}>
          {text === '' && <option value="">NULL</option>}
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      ) : long ? (
        <textarea {...shared} rows={6} value={text} onChange={(event) => setText(event.target.value)} />
      ) : (
        <input {...shared} value={text} onChange={(event) => setText(event.target.value)} onBlur={save} />
      )}
      <div className="row small">
        {long && !options && (
          <button type="button" className="btn" onMouseDown={(event) => event.preventDefault()} onClick={save}>
            OK
          </button>
        )}
        <NullButton onNull={() => done(null)} />
      </div>
    </div>
  )
}
