// Owns which grammar colours a file; each grammar is loaded when the first file of its language is opened.
import type { Parser } from '@lezer/common'

const python = async () => (await import('@lezer/python')).parser
const javascript = (dialect: string) => async () => (await import('@lezer/javascript')).parser.configure({ dialect })
const json = async () => (await import('@lezer/json')).parser
const sql = async () => (await import('@codemirror/lang-sql')).PostgreSQL.language.parser

const BY_ENDING: Record<string, () => Promise<Parser>> = {
  py: python,
  pyi: python,
  js: javascript('jsx'),
  jsx: javascript('jsx'),
  mjs: javascript('jsx'),
  cjs: javascript('jsx'),
  ts: javascript('ts'),
  mts: javascript('ts'),
  tsx: javascript('jsx ts'),
  sql,
  json,
}

/** The grammar for a path, or null for plain text. */
export async function grammarFor(path: string): Promise<Parser | null> {
  const ending = path.slice(path.lastIndexOf('.') + 1).toLowerCase()
  return (await BY_ENDING[ending]?.()) ?? null
}
