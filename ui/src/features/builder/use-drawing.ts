// Owns how text and drawing follow each other: what is typed is drawn, what is drawn is written, and the text is left
// alone while it cannot be drawn.
import { useCallback, useEffect, useRef, useState } from 'react'
import type { DrawnQuery } from '@/api/types'
import { errorText } from '@/lib/problem'
import { statementAt } from '@/lib/sql-completion'
import { parseQuery, renderQuery } from './api'

const PAUSE = 400

export interface Drawing {
  query: DrawnQuery | null
  /** Which clause cannot be drawn; null while all of it can. */
  refusal: { clause: string; message: string } | null
  /** What is still missing before the drawing can be written. */
  missing: string | null
  change: (query: DrawnQuery) => void
  /** Begins a statement of its own behind the text; a text that says nothing yet makes room. */
  begin: (query: DrawnQuery) => void
}

const SAYS_NOTHING = /^\s*(select 1( as one)?;?\s*)?$/i

interface Place {
  lead: string
  start: number
  end: number
  semicolon: string
}

export function useDrawing(database: string, text: string, caret: () => number, put: (text: string) => void): Drawing {
  const [query, setQuery] = useState<DrawnQuery | null>(null)
  const [refusal, setRefusal] = useState<Drawing['refusal']>(null)
  const [missing, setMissing] = useState<string | null>(null)
  const written = useRef<string | null>(null)
  const place = useRef<Place>({ lead: '', start: 0, end: 0, semicolon: '' })
  const turn = useRef(0)
  const latest = useRef({ text, caret, put })
  useEffect(() => {
    latest.current = { text, caret, put }
  })

  useEffect(() => {
    if (text === written.current) return
    const mine = ++turn.current
    const timer = setTimeout(() => {
      const found = statementAt(text, latest.current.caret())
      const body = found.text.replace(/;\s*$/, '').trimEnd()
      place.current = { lead: '', start: found.start, end: found.start + found.text.trimEnd().length, semicolon: found.text.trimEnd().endsWith(';') ? ';' : '' }
      if (!body) {
        setQuery(null)
        setRefusal(null)
        return
      }
      parseQuery(database, body).then(
        (answer) => {
          if (mine !== turn.current) return
          setQuery(answer.query)
          setMissing(null)
          setRefusal(answer.query ? null : { clause: answer.clause, message: answer.message })
        },
        (error: unknown) => mine === turn.current && setRefusal({ clause: '', message: errorText(error) }),
      )
    }, written.current === null ? 0 : PAUSE)
    written.current ??= ''
    return () => clearTimeout(timer)
  }, [database, text])

  const change = useCallback(
    (next: DrawnQuery) => {
      const mine = ++turn.current
      setQuery(next)
      setRefusal(null)
      renderQuery(database, next).then(
        (sql) => {
          if (mine !== turn.current) return
          const { lead, start, end, semicolon } = place.current
          const whole = latest.current.text
          const made = whole.slice(0, start) + lead + sql + semicolon + whole.slice(end)
          const from = start + lead.length
          place.current = { lead: '', start: from, end: from + sql.length + semicolon.length, semicolon }
          written.current = made
          setMissing(null)
          latest.current.put(made)
        },
        (error: unknown) => mine === turn.current && setMissing(errorText(error)),
      )
    },
    [database],
  )
  const begin = useCallback(
    (next: DrawnQuery) => {
      const whole = latest.current.text
      const kept = SAYS_NOTHING.test(whole) ? '' : whole.trimEnd()
      place.current = { lead: kept ? `${kept.endsWith(';') ? '' : ';'}\n\n` : '', start: kept.length, end: whole.length, semicolon: ';' }
      change(next)
    },
    [change],
  )
  return { query, refusal, missing, change, begin }
}
