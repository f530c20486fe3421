// Owns the read-only editor: colours, usages underlined and marked in the gutter, a line jumped to.
import { defineLanguageFacet, Language, syntaxHighlighting } from '@codemirror/language'
import { EditorState, RangeSetBuilder, type Extension } from '@codemirror/state'
import { Decoration, EditorView, gutter, GutterMarker, highlightActiveLine, lineNumbers } from '@codemirror/view'
import { classHighlighter } from '@lezer/highlight'
import { useEffect, useEffectEvent, useRef } from 'react'
import type { FileContent, Usage } from '@/api/types'
import { grammarFor } from '@/lib/languages'
import { kindInfo } from '@/lib/usage-kinds'

class UsageMarker extends GutterMarker {
  constructor(
    readonly letters: string,
    readonly kind: string,
  ) {
    super()
  }

  override eq(other: UsageMarker): boolean {
    return other.letters === this.letters
  }

  override toDOM(): Node {
    const mark = document.createElement('span')
    mark.className = 'cm-kinds'
    mark.style.setProperty('--c', `var(--k-${this.kind})`)
    mark.textContent = this.letters
    return mark
  }
}

/** The usages of each line. */
function byLine(usages: readonly Usage[]): Map<number, Usage[]> {
  const lines = new Map<number, Usage[]>()
  for (const usage of usages) lines.set(usage.line_number, [...(lines.get(usage.line_number) ?? []), usage])
  return lines
}

function usageMarks(usages: readonly Usage[]): Extension {
  const lines = byLine(usages)
  const marks = gutter({
    class: 'cm-usages',
    lineMarker: (view, block) => {
      const found = lines.get(view.state.doc.lineAt(block.from).number)
      const first = found?.[0]
      if (!found || !first) return null
      return new UsageMarker([...new Set(found.map((usage) => kindInfo(usage.usage_type).letter))].join(''), first.usage_type)
    },
  })
  return [marks, EditorView.decorations.of((view) => underlines(view.state, usages))]
}

function underlines(state: EditorState, usages: readonly Usage[]) {
  const ranges = usages
    .filter((usage) => usage.line_number <= state.doc.lines)
    .map((usage) => {
      const line = state.doc.line(usage.line_number)
      return { from: Math.min(line.to, line.from + usage.start_column), to: Math.min(line.to, line.from + usage.end_column) }
    })
    .filter((range) => range.to > range.from)
    .sort((a, b) => a.from - b.from || a.to - b.to)
  const builder = new RangeSetBuilder<Decoration>()
  for (const range of ranges) builder.add(range.from, range.to, Decoration.mark({ class: 'cm-usage' }))
  return builder.finish()
}

async function extensionsFor(file: FileContent, onLine: (line: number) => void): Promise<Extension[]> {
  const grammar = await grammarFor(file.path)
  return [
    EditorState.readOnly.of(true),
    EditorView.editable.of(false),
    EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': `Content of ${file.path}`, 'aria-readonly': 'true' }),
    lineNumbers(),
    usageMarks(file.usages),
    highlightActiveLine(),
    syntaxHighlighting(classHighlighter),
    EditorView.updateListener.of((update) => {
      if (update.selectionSet) onLine(update.state.doc.lineAt(update.state.selection.main.head).number)
    }),
    ...(grammar ? [new Language(defineLanguageFacet(), grammar)] : []),
  ]
}

function showLine(view: EditorView, wanted: number): void {
  const line = view.state.doc.line(Math.min(Math.max(1, wanted), view.state.doc.lines))
  view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: 'center' }) })
}

interface CodeViewProps {
  file: FileContent
  line: number | undefined
  onLine: (line: number) => void
}

export function CodeView({ file, line, onLine }: CodeViewProps) {
  const box = useRef<HTMLDivElement>(null)
  const editor = useRef<EditorView | null>(null)
  const tellLine = useEffectEvent(onLine)
  const jump = useEffectEvent((view: EditorView) => {
    if (line) showLine(view, line)
  })
  useEffect(() => {
    let gone = false
    void extensionsFor(file, (at) => tellLine(at)).then((extensions) => {
      if (gone || !box.current) return
      editor.current = new EditorView({ doc: file.content, extensions, parent: box.current })
      jump(editor.current)
    })
    return () => {
      gone = true
      editor.current?.destroy()
      editor.current = null
    }
  }, [file])
  useEffect(() => {
    if (editor.current && line) showLine(editor.current, line)
  }, [line])
  return <div ref={box} className="editorbox" />
}
