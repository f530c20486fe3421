// Owns the filter bar's language: `price > 100 and name ~ ann and note is null`. Text in, conditions or a sentence out.
import type { RowFilter } from '@/api/types'

const ONE = /^\s*("(?:[^"]|"")+"|[^\s=!<>~]+)\s*(?:(is\s+not\s+null|is\s+null)|(!=|<>|<=|>=|=|<|>|~|contains|starts|in)\s*(.+?))\s*$/i
const OPERATORS: Record<string, RowFilter['operator']> = { '~': 'contains', '<>': '!=' }

function value(text: string): string {
  const quoted = /^'((?:[^']|'')*)'$/.exec(text)
  return quoted ? (quoted[1] ?? '').replaceAll("''", "'") : text
}

function parts(text: string): string[] {
  const masked = text.replaceAll(/'(?:[^']|'')*'/g, (quoted) => '\u0001'.repeat(quoted.length))
  const found: string[] = []
  let from = 0
  for (const match of masked.matchAll(/\s+and\s+/gi)) {
    found.push(text.slice(from, match.index))
    from = match.index + match[0].length
  }
  return [...found, text.slice(from)]
}

export function parseFilter(text: string, columns: readonly string[]): { filters: RowFilter[]; error: string | null } {
  if (!text.trim()) return { filters: [], error: null }
  const filters: RowFilter[] = []
  for (const part of parts(text)) {
    const match = ONE.exec(part)
    if (!match) return { filters: [], error: `“${part.trim()}” is not a condition. Example: ${columns[0] ?? 'column'} = value` }
    const [, name = '', nulls, operator = '', given = ''] = match
    const wanted = name.replaceAll('"', '').toLowerCase()
    const column = columns.find((one) => one.toLowerCase() === wanted)
    if (column === undefined) return { filters: [], error: `There is no column ${name}. Columns: ${columns.slice(0, 8).join(', ')}` }
    if (nulls) {
      filters.push({ column, operator: /not/i.test(nulls) ? 'is not null' : 'is null' } as RowFilter)
      continue
    }
    const known = (OPERATORS[operator] ?? operator.toLowerCase()) as RowFilter['operator']
    if (known === 'in') {
      const items = given.replace(/^\(|\)$/g, '').split(',').map((item) => value(item.trim()))
      filters.push({ column, operator: 'in', values: items } as RowFilter)
    } else filters.push({ column, operator: known, value: value(given) } as RowFilter)
  }
  return { filters, error: null }
}
