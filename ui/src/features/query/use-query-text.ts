// Owns the text of the query page: kept in this browser per database, and what of it runs.
import { useCallback, useRef, useState } from 'react'
import type { EditorHandle } from '@/components/sql-editor/sql-editor'
import type { EditorDialect } from '@/lib/dialects'

function useStoredText(key: string, initial: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => localStorage.getItem(key) ?? initial)
  const change = useCallback(
    (next: string) => {
      setText(next)
      localStorage.setItem(key, next)
    },
    [key],
  )
  return [text, change]
}

/** A part of the editor's text, and where it starts in it. */
export interface Statement {
  text: string
  offset: number
}

export function useQueryText(database: string, dialect: EditorDialect) {
  const [text, setText] = useStoredText(`headwater.sql.${database}`, dialect.starter)
  const editor = useRef<EditorHandle | null>(null)
  const ready = useCallback((handle: EditorHandle | null) => {
    editor.current = handle
  }, [])
  const whole = () => editor.current?.text() ?? text
  const caret = () => editor.current?.caret() ?? 0
  const replace = (next: string, quietly = false) => (editor.current ? editor.current.replace(next, quietly) : setText(next))
  return {
    text,
    setText,
    ready,
    caret,
    replace,
    insert: (name: string) => editor.current?.insert(name),
    append: (more: string) => replace(`${text.trimEnd()}\n\n${more}\n`),
    all: (): Statement => ({ text: whole(), offset: 0 }),
    /** The selection, else the statement under the cursor. */
    current: (): Statement => {
      const selection = editor.current?.selection() ?? null
      if (selection !== null) return { text: selection, offset: whole().indexOf(selection) }
      const statement = dialect.statementAt(whole(), caret())
      return { text: statement.text, offset: statement.start }
    },
  }
}

export type QueryText = ReturnType<typeof useQueryText>
