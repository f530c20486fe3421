// Owns what the query page does differently by the language of a database: its first text, and what runs at the cursor.
import { statementAt } from './sql-completion'

export type Language = 'sql' | 'mongodb' | 'redis'

interface Range {
  text: string
  start: number
  end: number
}

export interface EditorDialect {
  /** The title of the page. */
  title: string
  /** The first text of the editor. */
  starter: string
  /** The language that the editor highlights. */
  editorLanguage: 'pgsql' | 'javascript' | 'redis'
  /** Whether it has plans, charts and a builder. */
  plans: boolean
  /** What the tree beside the editor lists. */
  tree: string
  /** The part of a text that runs from a place in it. */
  statementAt: (text: string, caret: number) => Range
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

export const DIALECTS: Record<Language, EditorDialect> = {
  sql: { title: 'SQL', starter: 'select 1 as one;\n', editorLanguage: 'pgsql', plans: true, tree: 'table or column', statementAt },
  mongodb: { title: 'Query', starter: 'show collections\n', editorLanguage: 'javascript', plans: false, tree: 'collection', statementAt: blockAt },
  redis: { title: 'Query', starter: '# One command per line.\nSCAN 0 COUNT 100\n', editorLanguage: 'redis', plans: false, tree: 'key prefix', statementAt: lineAt },
}
