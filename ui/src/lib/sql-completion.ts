// Owns what the SQL editor offers at the caret: tables, columns of the tables that the statement names, joins by
// foreign keys, keywords. Pure: text and schema in, suggestions out.
import type { LiveRelation, LiveSchema } from '@/api/types'

export interface Suggestion {
  label: string
  insert: string
  detail: string
  kind: 'table' | 'column' | 'join' | 'keyword'
}

const KEYWORDS =
  'select from where group by order by limit offset join left join on and or not null is null in exists between like ilike as insert into values update set delete from returning create table alter table drop table create index begin commit rollback with case when then else end union all distinct having explain analyze'.split(
    /(?<!group|order|left|is|insert|delete|create|alter|drop|union) /,
  )

const SOURCE = /\b(?:from|join|update|into)\s+((?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))?)(?:\s+(?:as\s+)?(?!on\b|where\b|set\b|join\b|left\b|right\b|inner\b|full\b|cross\b|group\b|order\b|limit\b|using\b|values\b|returning\b|union\b)([a-z_]\w*))?/gi
const CTE = /(?:\bwith|,)\s+(?:recursive\s+)?([a-z_]\w*)\s*(?:\([^)]*\)\s*)?as\s*(?:materialized\s*)?\(\s*select\s+([\s\S]*?)\s+from\b/gi

const bare = (name: string) => (name.split('.').at(-1) ?? name).replaceAll('"', '')
const quoted = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name}"`)

const TOKEN = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|;/g

/** The statement around the caret, with its semicolon; behind the last one, that one. */
export function statementAt(text: string, caret: number): { text: string; start: number; end: number } {
  const ends = [...text.matchAll(TOKEN)].filter((match) => match[0] === ';').map((match) => match.index + 1)
  const ranges = [0, ...ends].map((start, at) => ({ start, end: ends[at] ?? text.length }))
  const full = ranges.filter(({ start, end }) => text.slice(start, end).trim() !== '')
  const found = full.find(({ end }) => caret <= end) ?? full.at(-1) ?? { start: 0, end: text.length }
  const lead = /^\s*/.exec(text.slice(found.start, found.end))?.[0].length ?? 0
  return { text: text.slice(found.start + lead, found.end), start: found.start + lead, end: found.end }
}

interface Named {
  alias: string
  columns: { name: string; type: string }[]
  relation: LiveRelation | null
}

function namedIn(statement: string, schema: LiveSchema): Named[] {
  const ctes = new Map<string, { name: string; type: string }[]>()
  for (const [, name = '', list = ''] of statement.matchAll(CTE)) {
    const columns = list.split(/,(?![^(]*\))/).map((item) => ({ name: /(?:\bas\s+)?("?[\w$]+"?)\s*$/i.exec(item.trim())?.[1]?.replaceAll('"', '') ?? '', type: 'CTE' }))
    ctes.set(name, columns.filter((column) => column.name && column.name !== '*'))
  }
  const found: Named[] = []
  for (const [, source = '', alias] of statement.matchAll(SOURCE)) {
    const name = bare(source)
    const relation = schema.relations.find((one) => one.name.toLowerCase() === name.toLowerCase()) ?? null
    const columns = relation ? relation.columns.map((column) => ({ name: column.name, type: column.type ?? '' })) : ctes.get(name)
    if (columns) found.push({ alias: alias ?? name, columns, relation })
  }
  return found
}

function joins(named: Named[]): Suggestion[] {
  const last = named.at(-1)
  if (!last?.relation) return []
  const found: Suggestion[] = []
  for (const other of named.slice(0, -1)) {
    if (!other.relation) continue
    for (const [from, to] of [
      [last, other],
      [other, last],
    ] as const) {
      for (const key of from.relation?.foreign_keys ?? []) {
        if (key.ref_table !== to.relation?.name) continue
        const remote = key.ref_columns?.length ? key.ref_columns : (to.relation.primary_key ?? [])
        const text = key.columns.map((column, at) => `${from.alias}.${quoted(column)} = ${to.alias}.${quoted(remote[at] ?? '')}`).join(' and ')
        found.push({ label: text, insert: text, detail: 'foreign key', kind: 'join' })
      }
    }
  }
  return found
}

/** What fits at the caret, best first. */
export function suggestions(text: string, caret: number, schema: LiveSchema): Suggestion[] {
  const { text: statement, start } = statementAt(text, caret)
  const before = statement.slice(0, caret - start)
  const named = namedIn(statement, schema)
  const qualifier = /("?[\w$]+"?)\.\w*$/.exec(before)?.[1]?.replaceAll('"', '')
  if (qualifier) {
    const owner = named.find((one) => one.alias.toLowerCase() === qualifier.toLowerCase())
    if (owner) return owner.columns.map((column) => ({ label: column.name, insert: quoted(column.name), detail: column.type, kind: 'column' }))
    const inSchema = schema.relations.filter((one) => one.schema?.toLowerCase() === qualifier.toLowerCase())
    return inSchema.map((one) => ({ label: one.name, insert: quoted(one.name), detail: one.kind ?? 'table', kind: 'table' }))
  }
  const tables: Suggestion[] = schema.relations.map((one) => ({
    label: one.name,
    insert: one.schema && one.schema !== 'public' ? `${quoted(one.schema)}.${quoted(one.name)}` : quoted(one.name),
    detail: one.kind ?? 'table',
    kind: 'table',
  }))
  if (/\b(?:from|join|update|into|table)\s+\w*$/i.test(before)) return tables
  const wantsJoin = /\bon\s+\w*$/i.test(before)
  const columns: Suggestion[] = named.flatMap((one) =>
    one.columns.map((column) => ({
      label: column.name,
      insert: named.length > 1 ? `${one.alias}.${quoted(column.name)}` : quoted(column.name),
      detail: `${one.alias} ${column.type}`,
      kind: 'column' as const,
    })),
  )
  const keywords: Suggestion[] = KEYWORDS.map((word) => ({ label: word, insert: word, detail: '', kind: 'keyword' }))
  return [...(wantsJoin ? joins(named) : []), ...columns, ...tables, ...keywords]
}
