// Owns what can be locked in the graph, how the URL says it, and which part of the graph lies on its path.
import type { Graph } from '@/api/types'
import { baseName, symbolKey } from './graph-view'

export type Lock =
  | { kind: 'table'; table: string }
  | { kind: 'column'; table: string; column: string }
  | { kind: 'file'; file: string }
  | { kind: 'symbol'; file: string; symbol: string }
  | { kind: 'endpoint'; endpoint: string }

/** What the server is asked for to have the whole path. */
export interface LockFocus {
  table?: string
  column?: string
  file?: string
  symbol?: string
  endpoint?: string
}

/** "column:users::email": a lock in the URL. */
export function lockText(lock: Lock): string {
  const { kind, ...rest } = lock
  return `${kind}:${Object.values(rest).join('::')}`
}

/** A lock from the URL; null for what is none. */
export function lockOf(text: string | undefined): Lock | null {
  const [, kind, rest] = /^(\w+):(.*)$/s.exec(text ?? '') ?? []
  if (!kind || !rest) return null
  const cut = rest.lastIndexOf('::')
  const pair = cut > 0 ? [rest.slice(0, cut), rest.slice(cut + 2)] : null
  if (kind === 'column' && pair?.[1]) return { kind, table: pair[0] as string, column: pair[1] }
  if (kind === 'symbol' && pair) return { kind, file: pair[0] as string, symbol: pair[1] as string }
  if (kind === 'table') return { kind, table: rest }
  if (kind === 'file') return { kind, file: rest }
  return kind === 'endpoint' ? { kind, endpoint: rest } : null
}

/** The question about all of a lock's path. */
export function lockFocus(lock: Lock): LockFocus {
  const focus: Partial<Lock> = { ...lock }
  delete focus.kind
  return focus
}

export const isSameLock = (one: Lock | null, other: Lock | null): boolean => one !== null && other !== null && lockText(one) === lockText(other)

/** How a lock is called on the page. */
export function lockName(lock: Lock, graph: Graph | undefined): string {
  if (lock.kind === 'table') return lock.table
  if (lock.kind === 'column') return `${lock.table}.${lock.column === '*' ? 'whole row' : lock.column}`
  if (lock.kind === 'file') return baseName(lock.file)
  if (lock.kind === 'symbol') return lock.symbol || `${baseName(lock.file)}, outside functions`
  const endpoint = graph?.endpoints.find((item) => item.endpoint_id === lock.endpoint)
  return endpoint ? `${endpoint.method} ${endpoint.path}` : 'an endpoint'
}

/** What lies on the path of a lock; `neighbors` are columns that a foreign key joins to the locked ones. */
export interface Path {
  columns: ReadonlySet<string>
  neighbors: ReadonlySet<string>
  symbols: ReadonlySet<string>
  endpoints: ReadonlySet<string>
}

const keyOf = (item: { file_path: string; symbol: string }) => symbolKey(item.file_path, item.symbol)

function columnsOf(graph: Graph, lock: Lock): string[] {
  if (lock.kind !== 'table' && lock.kind !== 'column') return []
  const table = graph.tables.find((item) => item.name.toLowerCase() === lock.table.toLowerCase())
  const wanted = lock.kind === 'column' ? lock.column.toLowerCase() : null
  return (table?.columns ?? []).filter((column) => wanted === null || column.name.toLowerCase() === wanted).map((column) => column.column_id)
}

function symbolsOf(graph: Graph, lock: Lock): string[] {
  if (lock.kind === 'symbol') return [symbolKey(lock.file, lock.symbol)]
  if (lock.kind === 'file') return graph.code.flatMap((file) => (file.file_path === lock.file ? file.symbols.map((item) => symbolKey(file.file_path, item.symbol)) : []))
  return lock.kind === 'endpoint' ? graph.reaches.filter((reach) => reach.endpoint_id === lock.endpoint).map(keyOf) : []
}

function neighborsOf(graph: Graph, columns: ReadonlySet<string>): Set<string> {
  const neighbors = new Set<string>()
  for (const { from_column_id: from, to_column_id: to } of graph.relations) {
    if (columns.has(from)) neighbors.add(to)
    if (columns.has(to)) neighbors.add(from)
  }
  return neighbors
}

/** The path of a lock in both directions: from columns to the code and its endpoints, from endpoints and code to the columns. */
export function pathOf(graph: Graph, lock: Lock): Path {
  const isData = lock.kind === 'table' || lock.kind === 'column'
  const columns = new Set(columnsOf(graph, lock))
  const symbols = new Set(isData ? graph.edges.filter((edge) => columns.has(edge.column_id)).map(keyOf) : symbolsOf(graph, lock))
  if (!isData) for (const edge of graph.edges) if (symbols.has(keyOf(edge))) columns.add(edge.column_id)
  const ends = lock.kind === 'endpoint' ? [lock.endpoint] : graph.reaches.filter((reach) => symbols.has(keyOf(reach))).map((reach) => reach.endpoint_id)
  return { columns, neighbors: isData ? neighborsOf(graph, columns) : new Set(), symbols, endpoints: new Set(ends) }
}
