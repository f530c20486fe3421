// Owns Monaco: what of it is loaded, how it looks, and the one way it speaks with the page. Loaded lazily.
import * as monaco from 'monaco-editor/editor'
import EditorWorker from 'monaco-editor/editor/editor.worker.js?worker'
import 'monaco-editor/features/register.all'
import 'monaco-editor/languages/definitions/javascript/register'
import 'monaco-editor/languages/definitions/mysql/register'
import 'monaco-editor/languages/definitions/pgsql/register'
import 'monaco-editor/languages/definitions/redis/register'
import 'monaco-editor/languages/definitions/sql/register'
import type { Finding } from '@/api/types'
import type { Suggestion } from '@/lib/sql-completion'
import type { EditorHandle } from './sql-editor'

self.MonacoEnvironment = { getWorker: () => new EditorWorker() }

/** The languages with completion of tables and columns. */
const SQL_LANGUAGES = ['mysql', 'pgsql', 'sql']
const KINDS = { table: 'Struct', column: 'Field', join: 'Reference', keyword: 'Keyword' } as const

export interface Listener {
  change: (text: string) => void
  run: () => void
  save: () => void
  suggest: (text: string, caret: number) => Suggestion[]
}

const listeners = new Map<string, Listener>()

monaco.languages.registerCompletionItemProvider(SQL_LANGUAGES, {
  triggerCharacters: ['.', ' '],
  provideCompletionItems(model, position) {
    const word = model.getWordUntilPosition(position)
    const range = new monaco.Range(position.lineNumber, word.startColumn, position.lineNumber, word.endColumn)
    const found = listeners.get(model.uri.toString())?.suggest(model.getValue(), model.getOffsetAt(position)) ?? []
    return {
      suggestions: found.map((one, at) => ({
        label: { label: one.label, description: one.detail },
        insertText: one.insert,
        filterText: one.label,
        sortText: String(at).padStart(5, '0'),
        kind: monaco.languages.CompletionItemKind[KINDS[one.kind]],
        range,
      })),
    }
  },
})

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** Our tokens as a Monaco theme, so that the editor is of one piece with the page. */
function takeOurColours(): void {
  const root = document.documentElement.classList
  const dark = root.contains('dark') || (!root.contains('light') && matchMedia('(prefers-color-scheme: dark)').matches)
  const hex = (name: string) => token(name).replace('#', '')
  monaco.editor.defineTheme('headwater', {
    base: dark ? 'vs-dark' : 'vs',
    inherit: true,
    rules: [
      { token: 'keyword', foreground: hex('--merge') },
      { token: 'operator', foreground: hex('--merge') },
      { token: 'string', foreground: hex('--add') },
      { token: 'number', foreground: hex('--warn') },
      { token: 'comment', foreground: hex('--dim') },
      // The base theme has hues of its own for SQL, which would win over the general ones.
      { token: 'operator.sql', foreground: hex('--merge') },
      { token: 'string.sql', foreground: hex('--add') },
      { token: 'predefined.sql', foreground: hex('--info') },
      { token: 'predefined', foreground: hex('--info') },
      { token: 'identifier', foreground: hex('--text') },
    ],
    colors: {
      'editor.background': token('--bg'),
      'editor.foreground': token('--text'),
      'editorLineNumber.foreground': token('--dim'),
      'editorLineNumber.activeForeground': token('--text'),
      'editor.lineHighlightBackground': token('--panel'),
      'editorCursor.foreground': token('--accent'),
      'editorWidget.background': token('--raised'),
      'editorWidget.border': token('--line'),
      'editorSuggestWidget.selectedBackground': token('--panel'),
      'editorSuggestWidget.selectedForeground': token('--text'),
      'editorSuggestWidget.highlightForeground': token('--accent'),
      focusBorder: token('--accent'),
    },
  })
  monaco.editor.setTheme('headwater')
}

export interface MonacoEditor extends EditorHandle {
  mark: (findings: Finding[]) => void
  dispose: () => void
}

/** Makes an editor in an element. */
export function makeEditor(box: HTMLElement, { value, language, label }: { value: string; language: string; label: string }, listener: Listener): MonacoEditor {
  takeOurColours()
  const editor = monaco.editor.create(box, {
    value,
    language,
    theme: 'headwater',
    ariaLabel: label,
    automaticLayout: true,
    minimap: { enabled: false },
    fontFamily: token('--mono') || 'monospace',
    fontSize: 12,
    lineHeight: 20,
    fontLigatures: false,
    scrollBeyondLastLine: false,
    overviewRulerLanes: 0,
    renderLineHighlight: 'line',
    padding: { top: 8, bottom: 8 },
    wordBasedSuggestions: 'off',
    quickSuggestions: { other: true, comments: false, strings: false },
    fixedOverflowWidgets: true,
    tabSize: 2,
    stickyScroll: { enabled: false },
  })
  const model = editor.getModel()
  if (model === null) throw new Error('Monaco made no model')
  listeners.set(model.uri.toString(), listener)
  editor.onDidChangeModelContent(() => listener.change(model.getValue()))
  editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, () => listener.run())
  editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.KeyS, () => listener.save())
  const themes = new MutationObserver(takeOurColours)
  themes.observe(document.documentElement, { attributes: true })

  return {
    text: () => model.getValue(),
    selection: () => {
      const range = editor.getSelection()
      return range === null || range.isEmpty() ? null : model.getValueInRange(range)
    },
    caret: () => model.getOffsetAt(editor.getPosition() ?? new monaco.Position(1, 1)),
    focus: () => editor.focus(),
    insert: (text) => editor.trigger('page', 'type', { text }),
    replace: (text, quietly = false) => {
      editor.executeEdits('page', [{ range: model.getFullModelRange(), text }])
      if (!quietly) editor.focus()
    },
    mark: (findings) =>
      monaco.editor.setModelMarkers(
        model,
        'headwater',
        findings.map((finding) => {
          const [from, to] = [model.getPositionAt(finding.start), model.getPositionAt(finding.end)]
          return {
            severity: finding.severity === 'error' ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning,
            message: finding.message,
            startLineNumber: from.lineNumber,
            startColumn: from.column,
            endLineNumber: to.lineNumber,
            endColumn: to.column,
          }
        }),
      ),
    dispose: () => {
      themes.disconnect()
      listeners.delete(model.uri.toString())
      editor.dispose()
      model.dispose()
    },
  }
}
