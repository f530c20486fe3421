// Owns what the query page does differently by the engine of a database: its texts, and what runs at the cursor.
import type { Engine } from '@/api/types'
import { statementAt } from './sql-completion'

interface Range {
  text: string
  start: number
  end: number
}

type StatementAt = (text: string, caret: number) => Range

export interface EditorDialect {
  /** The title of the page. */
  title: string
  /** The first text of the editor. */
  starter: string
  /** The language that the editor highlights, by its name in Monaco. */
  editorLanguage: string
  /** The dialect by its name in sql-formatter; null where nothing can be formatted. */
  formatter: string | null
  /** Whether rows come as tables: then there are charts, a builder and completion. */
  relational: boolean
  /** Whether it shows plans. */
  explains: boolean
  /** What the tree beside the editor lists. */
  tree: string
  /** The part of a text that runs from a place in it. */
  statementAt: StatementAt
}

/** The line around the caret; when that is empty, the nearest one before it. */
export function lineAt(text: string, caret: number): Range {
  let start = text.lastIndexOf('\n', caret - 1) + 1
  let end = text.indexOf('\n', start)
  if (end < 0) end = text.length
  while (start > 0 && text.slice(start, end).trim() === '') {
    end = start - 1
    start = text.lastIndexOf('\n', end - 1) + 1
  }
  return { text: text.slice(start, end), start, end }
}

/** The lines around the caret up to the nearest empty ones. */
export function blockAt(text: string, caret: number): Range {
  const ends = [...text.matchAll(/\n[ \t]*(?=\n)/g)].map((match) => match.index)
  const ranges = [0, ...ends].map((start, at) => ({ start, end: ends[at] ?? text.length }))
  const full = ranges.filter(({ start, end }) => text.slice(start, end).trim() !== '')
  const range = full.find(({ end }) => caret <= end) ?? full.at(-1) ?? { start: 0, end: text.length }
  const lead = /^\s*/.exec(text.slice(range.start, range.end))?.[0].length ?? 0
  return { text: text.slice(range.start + lead, range.end), start: range.start + lead, end: range.end }
}

const STATEMENT_AT: Record<Engine['statement_unit'], StatementAt> = { statement: statementAt, block: blockAt, line: lineAt }

export type DataModel = Engine['data_model']

/** What the user interface calls the contents of a database. */
export const CONTENTS: Record<DataModel, { title: string; tree: string }> = {
  relational: { title: 'Tables', tree: 'table or column' },
  document: { title: 'Collections', tree: 'collection' },
  key_value: { title: 'Key prefixes', tree: 'key prefix' },
}

export const isRelational = (engine: Pick<Engine, 'data_model'> | undefined): boolean => engine?.data_model === 'relational'

/** What an engine says of its query page. */
export function editorDialect(engine: Engine): EditorDialect {
  const relational = isRelational(engine)
  return {
    title: relational ? 'SQL' : 'Query',
    starter: engine.starter_query,
    editorLanguage: engine.editor_language,
    formatter: engine.formatter_dialect,
    relational,
    explains: engine.explains,
    tree: CONTENTS[engine.data_model].tree,
    statementAt: STATEMENT_AT[engine.statement_unit],
  }
}
