// Owns what is computed from a lineage graph before it is drawn: names, the numbers of the filters, two graphs as one.
import type { Graph, GraphEdge, GraphTotal, Tier, UsageKind } from '@/api/types'
import { KINDS } from './usage-kinds'

export const symbolKey = (file: string, symbol: string): string => `${file}::${symbol}`

/** The name under which a usage of all columns at once is filed: a deleted row, a `select *`. */
export const WHOLE_ROW = '*'

/** "app/service.py" -> "service.py". */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** "service.py:96": the name of a line of code. */
export const lineName = (at: { file_path: string; line_number: number }): string => `${baseName(at.file_path)}:${at.line_number}`

export interface Shown {
  kinds: ReadonlySet<UsageKind>
  tiers: ReadonlySet<Tier>
  language: string | undefined
}

export interface FilterCounts {
  all: number
  kinds: Record<UsageKind, number>
  tiers: Record<Tier, number>
  languages: [string, number][]
}

/** How many usages each filter stands for: of a kind, those that pass the other filters, and so on. */
export function filterCounts(totals: readonly GraphTotal[], shown: Shown): FilterCounts {
  const kinds = Object.fromEntries(KINDS.map(({ kind }) => [kind, 0])) as Record<UsageKind, number>
  const tiers: Record<Tier, number> = { A: 0, B: 0, C: 0 }
  const languages = new Map<string, number>()
  let all = 0
  for (const { usage_type, tier, language, count } of totals) {
    const [kindShown, tierShown] = [shown.kinds.has(usage_type), shown.tiers.has(tier)]
    const languageShown = shown.language === undefined || shown.language === language
    if (tierShown && languageShown) kinds[usage_type] += count
    if (kindShown && languageShown) tiers[tier] += count
    if (kindShown && tierShown) languages.set(language, (languages.get(language) ?? 0) + count)
    if (languageShown) all += count
  }
  return { all, kinds, tiers, languages: [...languages].sort((a, b) => b[1] - a[1]) }
}

/** All items of both lists, each once; the later one of two that are the same wins. */
function union<T>(first: readonly T[], second: readonly T[], key: (item: T) => string): T[] {
  return [...new Map([...first, ...second].map((item) => [key(item), item])).values()]
}

const edgeKey = (edge: GraphEdge) => `${edge.column_id} ${edge.usage_type} ${symbolKey(edge.file_path, edge.symbol)}`

function mergedCode(graph: Graph, other: Graph): Graph['code'] {
  const files = new Map(graph.code.map((file) => [file.file_path, file]))
  for (const file of other.code) {
    const known = files.get(file.file_path)
    const symbols = known ? union(file.symbols, known.symbols, (item) => item.symbol) : file.symbols
    files.set(file.file_path, { ...file, symbols, total: Math.max(known?.total ?? 0, file.total) })
  }
  return [...files.values()]
}

/** A graph, and beside what it has all of another one: the whole path of what is locked in it. */
export function merged(graph: Graph, other: Graph): Graph {
  return {
    ...graph,
    tables: mergedTables(graph, other),
    code: mergedCode(graph, other),
    edges: union(graph.edges, other.edges, edgeKey),
    relations: union(graph.relations, other.relations, (item) => `${item.from_column_id} ${item.to_column_id}`),
    endpoints: union(graph.endpoints, other.endpoints, (item) => item.endpoint_id),
    reaches: union(graph.reaches, other.reaches, (item) => `${item.endpoint_id} ${symbolKey(item.file_path, item.symbol)}`),
  }
}

/** Tables of both; a table has its whole rows (`*`) only where they are used, so its columns are joined, too. */
function mergedTables(graph: Graph, other: Graph): Graph['tables'] {
  const tables = new Map(graph.tables.map((table) => [table.name, table]))
  for (const table of other.tables) {
    const known = tables.get(table.name)
    tables.set(table.name, known ? { ...known, columns: union(known.columns, table.columns, (item) => item.column_id) } : table)
  }
  return [...tables.values()]
}
