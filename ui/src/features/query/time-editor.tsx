// Owns the editing of a date or time: the text as the database writes it, and a calendar and clock that change only their part of it.
import { useId, useState, type KeyboardEvent } from 'react'
import type { Cell } from '@/api/types'
import { nowAs, partsOf, remarkOn, withClock, withDate, type TimeColumn } from '@/lib/time-text'
import { EditorFrame, isNullKey, NullButton } from '@/components/grid/editor-frame'

interface TimeEditorProps {
  name: string
  type: string
  column: TimeColumn
  value: string | null
  done: (value?: Cell) => void
}

export function TimeEditor({ name, type, column, value, done }: TimeEditorProps) {
  const id = useId()
  const [text, setText] = useState(value ?? '')
  const parts = partsOf(text, column)
  const save = () => (text === (value ?? '') ? done() : done(text))
  const onKey = (event: KeyboardEvent) => {
    if (isNullKey(event)) {
      event.preventDefault()
      done(null)
    }
    if (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement)) {
      event.preventDefault()
      save()
    }
  }
  const now = () => nowAs(text, column, new Date())
  const zone = parts?.zone.trim() || 'UTC'
  // A value that is as it was needs no advice.
  const remark = text === (value ?? '') ? '' : remarkOn(text, column)
  return (
    <EditorFrame label={`${name}, ${type}`} onLeave={(how) => (how === 'escape' ? done() : save())} onKey={onKey}>
      <input className="mono" aria-label={`${name}, ${type}`} aria-describedby={`${id}-remark`} autoFocus spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />
      <div className="row">
        {column.shape !== 'time' && (
          <input type="date" className="grow" aria-label={`Day of ${name}`} value={parts?.date ?? ''} onChange={(event) => event.target.value && setText(withDate(text, column, event.target.value))} />
        )}
        {column.shape !== 'date' && (
          <input
            type="time"
            step={1}
            className="grow"
            aria-label={`Time of ${name}`}
            value={parts?.clock ?? ''}
            onChange={(event) => event.target.value && setText(withClock(text, column, event.target.value, nowAs('', { ...column, shape: 'date' }, new Date())))}
          />
        )}
      </div>
      <p id={`${id}-remark`} className="small dim remark" role="status">
        {remark}
      </p>
      <div className="row small">
        <button type="button" className="btn" onClick={save}>
          OK
        </button>
        <button type="button" className="btn" onClick={() => setText(now())}>
          {column.shape === 'date' ? 'Today' : 'Now'}, {zone}
        </button>
        <NullButton onNull={() => done(null)} />
      </div>
    </EditorFrame>
  )
}
