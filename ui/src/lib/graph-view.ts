// Owns what of a lineage graph is on screen: the edges that pass the filters, and the rows they join.
import type { Graph, GraphColumn, GraphEdge, Tier, Usage, UsageKind } from '@/api/types'
import { KINDS } from './usage-kinds'

/** Columns without a shown edge that a table still lists, so that it keeps its shape. */
const IDLE_COLUMNS = 3

export interface ViewColumn extends GraphColumn {
  used: boolean
}

export interface ViewTable {
  name: string
  kind: 'table' | 'view'
  total: number
  columns: ViewColumn[]
  more: number
}

export interface ViewSymbol {
  symbol: string
  total: number
  kinds: UsageKind[]
}

export interface ViewFile {
  file_path: string
  language: string
  total: number
  symbols: ViewSymbol[]
}

export interface ViewEdge {
  id: string
  column_id: string
  file_path: string
  symbol: string
  kind: UsageKind
  count: number
  line_number: number
}

export interface GraphView {
  tables: ViewTable[]
  files: ViewFile[]
  edges: ViewEdge[]
  relations: Graph['relations']
  usages: number
}

export interface Shown {
  kinds: ReadonlySet<UsageKind>
  tiers: ReadonlySet<Tier>
}

export const symbolKey = (file: string, symbol: string): string => `${file}::${symbol}`

/** "service.py:96": the name of an edge. */
export const edgeName = (edge: { file_path: string; line_number: number }): string =>
  `${edge.file_path.slice(edge.file_path.lastIndexOf('/') + 1)}:${edge.line_number}`

function grouped(edges: readonly GraphEdge[]): ViewEdge[] {
  const groups = new Map<string, GraphEdge[]>()
  for (const edge of edges) {
    const id = `${edge.column_id} ${symbolKey(edge.file_path, edge.symbol)}`
    groups.set(id, [...(groups.get(id) ?? []), edge])
  }
  return [...groups].map(([id, members]) => {
    const [main] = [...members].sort((a, b) => b.count - a.count)
    const first = main as GraphEdge
    const total = members.reduce((sum, edge) => sum + edge.count, 0)
    const line = Math.min(...members.map((edge) => edge.line_number))
    return { id, column_id: first.column_id, file_path: first.file_path, symbol: first.symbol, kind: first.usage_type, count: total, line_number: line }
  })
}

function viewFiles(graph: Graph, edges: readonly GraphEdge[]): ViewFile[] {
  const symbols = new Map<string, { total: number; kinds: Set<UsageKind> }>()
  for (const edge of edges) {
    const key = symbolKey(edge.file_path, edge.symbol)
    const entry = symbols.get(key) ?? { total: 0, kinds: new Set<UsageKind>() }
    entry.total += edge.count
    entry.kinds.add(edge.usage_type)
    symbols.set(key, entry)
  }
  const files = graph.code.map((file) => {
    const shown = file.symbols.flatMap(({ symbol }) => {
      const entry = symbols.get(symbolKey(file.file_path, symbol))
      if (!entry) return []
      return [{ symbol, total: entry.total, kinds: KINDS.map((info) => info.kind).filter((kind) => entry.kinds.has(kind)) }]
    })
    return { file_path: file.file_path, language: file.language, total: shown.reduce((sum, one) => sum + one.total, 0), symbols: shown }
  })
  return files.filter((file) => file.symbols.length > 0)
}

function viewTables(graph: Graph, edges: readonly GraphEdge[]): ViewTable[] {
  const used = new Set(edges.map((edge) => edge.column_id))
  const related = new Set(graph.relations.flatMap((relation) => [relation.from_column_id, relation.to_column_id]))
  return graph.tables.map((table) => {
    const columns = table.columns.map((column) => ({ ...column, used: used.has(column.column_id) }))
    const kept = columns.filter((column) => column.used || related.has(column.column_id))
    const idle = columns.filter((column) => !kept.includes(column))
    const shown = new Set([...kept, ...idle.slice(0, IDLE_COLUMNS)])
    const rows = columns.filter((column) => shown.has(column))
    return { name: table.name, kind: table.kind, total: table.total, columns: rows, more: columns.length - rows.length }
  })
}

/** The graph as it is shown with these filters. */
export function graphView(graph: Graph, shown: Shown): GraphView {
  const edges = graph.edges.filter((edge) => shown.kinds.has(edge.usage_type) && shown.tiers.has(edge.tier))
  return {
    tables: viewTables(graph, edges),
    files: viewFiles(graph, edges),
    edges: grouped(edges),
    relations: graph.relations,
    usages: edges.reduce((sum, edge) => sum + edge.count, 0),
  }
}

/** The name under which a usage of all columns at once is filed: a deleted row, a `select *`. */
export const WHOLE_ROW = '*'

/** True when an edge starts at no column of the tables, because it uses whole rows. */
export function usesWholeRows(graph: Graph): boolean {
  const known = new Set(graph.tables.flatMap((table) => table.columns.map((column) => column.column_id)))
  return graph.edges.some((edge) => !known.has(edge.column_id))
}

/** The graph with one more row in each table whose whole rows are used, so that those edges start somewhere. */
export function withWholeRows(graph: Graph, usages: readonly Usage[]): Graph {
  const rows = new Map<string, GraphColumn>()
  for (const usage of usages) {
    if (usage.column_name !== WHOLE_ROW) continue
    const total = (rows.get(usage.table_name)?.total ?? 0) + 1
    rows.set(usage.table_name, { column_id: usage.column_id, name: WHOLE_ROW, type: 'row', primary_key: false, total })
  }
  const tables = graph.tables.map((table) => {
    const row = rows.get(table.name)
    return row ? { ...table, columns: [row, ...table.columns] } : table
  })
  return { ...graph, tables }
}

export interface FilterCounts {
  all: number
  kinds: Record<UsageKind, number>
  tiers: Record<Tier, number>
}

/** How many usages each filter stands for, whatever is filtered now. */
export function filterCounts(graph: Graph): FilterCounts {
  const kinds = Object.fromEntries(KINDS.map(({ kind }) => [kind, 0])) as Record<UsageKind, number>
  const tiers: Record<Tier, number> = { A: 0, B: 0, C: 0 }
  for (const edge of graph.edges) {
    kinds[edge.usage_type] += edge.count
    tiers[edge.tier] += edge.count
  }
  return { all: graph.edges.reduce((sum, edge) => sum + edge.count, 0), kinds, tiers }
}
