// Owns the SQL editor: Monaco on wide screens, loaded when it is needed; a plain field on phones, where Monaco is no use.
import { useEffect, useRef, useState } from 'react'
import type { Finding } from '@/api/types'
import type { Suggestion } from '@/lib/sql-completion'
import type { MonacoEditor } from './monaco'
import { useNarrow } from '@/lib/use-narrow'

export interface EditorHandle {
  /** The text as it is now, whatever has been drawn. */
  text: () => string
  /** The text that is to run: the selection, else null. */
  selection: () => string | null
  caret: () => number
  focus: () => void
  insert: (text: string) => void
  /** Puts another text in the place of the whole, and takes the focus unless told otherwise. */
  replace: (text: string, quietly?: boolean) => void
}

interface EditorProps {
  label: string
  /** The language that is highlighted, by its name in Monaco. */
  language: string
  /** What stands in the editor at first; afterwards the editor leads, and `replace` is how others change it. */
  value: string
  onChange: (text: string) => void
  onRun: () => void
  onSave: () => void
  suggest: (text: string, caret: number) => Suggestion[]
  findings: Finding[]
  /** Is told of the editor when there is one, and of null when it goes. */
  ready: (handle: EditorHandle | null) => void
}

function PlainEditor({ label, value, onChange, onRun, ready }: EditorProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    ready({
      text: () => field.current?.value ?? value,
      selection: () => {
        const at = field.current
        return at && at.selectionStart !== at.selectionEnd ? at.value.slice(at.selectionStart, at.selectionEnd) : null
      },
      caret: () => field.current?.selectionStart ?? 0,
      focus: () => field.current?.focus(),
      insert: (text) => onChange(value + text),
      replace: (text) => onChange(text),
    })
    return () => ready(null)
  }, [value, onChange, ready])
  return (
    <textarea
      ref={field}
      className="sqlplain mono"
      aria-label={label}
      spellCheck={false}
      autoCapitalize="off"
      value={value}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') {
          event.preventDefault()
          onRun()
        }
      }}
    />
  )
}


function WideEditor(props: EditorProps) {
  const box = useRef<HTMLDivElement>(null)
  const editor = useRef<MonacoEditor | null>(null)
  const latest = useRef(props)
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    latest.current = props
  })
  useEffect(() => {
    let gone = false
    const { ready } = latest.current
    void import('./monaco').then(
      ({ makeEditor }) => {
        if (gone || !box.current) return
        const { value, language, label } = latest.current
        const made = makeEditor(box.current, { value, language, label }, {
          change: (text) => latest.current.onChange(text),
          run: () => latest.current.onRun(),
          save: () => latest.current.onSave(),
          suggest: (text, caret) => latest.current.suggest(text, caret),
        })
        editor.current = made
        ready(made)
        made.mark(latest.current.findings)
      },
      () => setFailed(true),
    )
    return () => {
      gone = true
      ready(null)
      editor.current?.dispose()
      editor.current = null
    }
  }, [])
  useEffect(() => editor.current?.mark(props.findings), [props.findings])
  if (failed) return <PlainEditor {...props} />
  return <div ref={box} className="sqlbox" />
}

export function SqlEditor(props: EditorProps) {
  return useNarrow() ? <PlainEditor {...props} /> : <WideEditor {...props} />
}
