// Owns what the query page does differently by the language of a database: its first text, and what runs at the caret.
import { statementAt } from './sql-completion'

export type Language = 'sql' | 'mongodb' | 'redis'

interface Dialect {
  /** What users call the page and the text in it. */
  title: string
  first: string
  /** The language that the editor colours. */
  colours: 'pgsql' | 'javascript' | 'redis'
  plans: boolean
  /** What the tree beside the editor holds. */
  tree: string
  at: (text: string, caret: number) => { text: string; start: number; end: number }
}

/** The line around the caret; when that is empty, the nearest one before it. */
export function lineAt(text: string, caret: number): { text: string; start: number; end: number } {
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
export function blockAt(text: string, caret: number): { text: string; start: number; end: number } {
  const ends = [...text.matchAll(/\n[ \t]*(?=\n)/g)].map((match) => match.index)
  const ranges = [0, ...ends].map((start, at) => ({ start, end: ends[at] ?? text.length }))
  const full = ranges.filter(({ start, end }) => text.slice(start, end).trim() !== '')
  const found = full.find(({ end }) => caret <= end) ?? full.at(-1) ?? { start: 0, end: text.length }
  const lead = /^\s*/.exec(text.slice(found.start, found.end))?.[0].length ?? 0
  return { text: text.slice(found.start + lead, found.end), start: found.start + lead, end: found.end }
}

export const DIALECTS: Record<Language, Dialect> = {
  sql: { title: 'SQL', first: 'select 1 as one;\n', colours: 'pgsql', plans: true, tree: 'table or column', at: statementAt },
  mongodb: { title: 'Query', first: 'show collections\n', colours: 'javascript', plans: false, tree: 'collection', at: blockAt },
  redis: { title: 'Query', first: '# One command a line.\nSCAN 0 COUNT 100\n', colours: 'redis', plans: false, tree: 'pattern', at: lineAt },
}
