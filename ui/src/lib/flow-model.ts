// Owns the drawing of a graph as values: boxes with rows, and lines between them; the flow, its list and its file are drawn from it.
import type { CodeGroup, Graph, GraphColumn, UsageKind } from '@/api/types'
import { plural } from './format'
import { isSameLock, type Lock, type Path } from './graph-lock'
import { baseName, lineName, symbolKey, WHOLE_ROW } from './graph-view'
import { KINDS } from './usage-kinds'

/** Tables at the left, code in the middle, endpoints at the right. */
export type Layer = 0 | 1 | 2
export type BoxKind = 'table' | 'view' | 'file' | 'endpoints' | CodeGroup['kind']
/** Whether something lies on the locked path; `plain` when nothing is locked. */
export type Light = 'locked' | 'on' | 'off' | 'plain'

export interface FlowRow {
  id: string
  name: string
  column?: Pick<GraphColumn, 'type' | 'primary_key'>
  kinds: UsageKind[]
  total: number | null
  lock: Lock
  light: Light
}

export interface FlowBox {
  id: string
  layer: Layer
  kind: BoxKind
  /** The whole name; `name` may be a path, whose last part is what counts. */
  name: string
  language: string | null
  total: number
  rows: FlowRow[]
  /** What stands in the last row: how much of the box is not shown, or null when that is nothing. */
  more: string | null
  expanded: boolean
  lock: Lock | null
  /** What a click opens, for parts of the code. */
  opens: CodeGroup | null
  light: Light
}

export interface FlowLine {
  id: string
  from: string
  to: string
  /** The row at each end, or null for the row of what is not shown, or else for the head. */
  fromRow: string | null
  toRow: string | null
  kind: UsageKind | null
  count: number
  label: string
  /** The label beside the line: short, since the boxes at its ends say the rest. */
  tag: string
  lock: Lock | null
  at: { file: string; symbol: string } | null
  light: Light
}

export interface FlowModel {
  boxes: FlowBox[]
  lines: FlowLine[]
  /** Foreign keys, which are drawn at the left of the tables. */
  relations: FlowLine[]
}

const ROWS_SHOWN = 5
const PATH_ROWS_SHOWN = 8

export const tableId = (name: string): string => `table ${name}`
export const fileId = (path: string): string => `file ${path}`
export const endpointsId = (path: string): string => `endpoints ${path}`
export const groupId = (name: string): string => `group ${name}`
const columnRow = (id: string): string => `column ${id}`
const symbolRow = (file: string, symbol: string): string => `symbol ${symbolKey(file, symbol)}`
const endpointRow = (id: string): string => `endpoint ${id}`

const orderedKinds = (kinds: ReadonlySet<UsageKind>): UsageKind[] => KINDS.map((info) => info.kind).filter((kind) => kinds.has(kind))

/** What is locked in the graph, and its path; both null when nothing is. */
export interface Locked {
  lock: Lock | null
  path: Path | null
}

function light(locked: Locked, mine: Lock, isOn: (path: Path) => boolean): Light {
  if (isSameLock(locked.lock, mine)) return 'locked'
  if (locked.path === null) return 'plain'
  return isOn(locked.path) ? 'on' : 'off'
}

const boxLight = (own: Light, rows: readonly FlowRow[]): Light => (own !== 'off' ? own : rows.some((row) => row.light === 'on' || row.light === 'locked') ? 'on' : 'off')

/** The rows that are shown of a box that is not expanded; one that would stand alone for a single row is no gain. */
function shownRows(rows: FlowRow[], expanded: boolean): FlowRow[] {
  if (expanded || rows.length <= ROWS_SHOWN + 1) return rows
  const byUse = [...rows].sort((a, b) => (b.total ?? 0) - (a.total ?? 0))
  const onPath = byUse.filter((row) => row.light === 'on').slice(0, PATH_ROWS_SHOWN)
  const ahead = new Set(onPath.length > ROWS_SHOWN ? onPath : [...onPath, ...byUse.filter((row) => row.light !== 'on')].slice(0, ROWS_SHOWN))
  return rows.filter((row) => row.light === 'locked' || ahead.has(row))
}

function tableBoxes(graph: Graph, locked: Locked, expanded: ReadonlySet<string>): FlowBox[] {
  return graph.tables.map((table): FlowBox => {
    const id = tableId(table.name)
    const rows = table.columns.map((column): FlowRow => {
      const lock: Lock = { kind: 'column', table: table.name, column: column.name }
      const isOn = (path: Path) => path.columns.has(column.column_id) || path.neighbors.has(column.column_id)
      const typed = column.name === WHOLE_ROW ? { ...column, type: 'row' } : column
      return { id: columnRow(column.column_id), name: column.name, column: typed, kinds: [], total: column.total, lock, light: light(locked, lock, isOn) }
    })
    const isOpen = expanded.has(id)
    // Which columns are on the path is shown, unless the whole table is: its columns stay collapsed until they are asked for.
    const whole = locked.lock?.kind === 'table' && locked.lock.table === table.name
    const shown = isOpen ? rows : whole ? [] : rows.filter((row) => row.light === 'locked' || row.light === 'on')
    const lock: Lock = { kind: 'table', table: table.name }
    const used = table.columns.filter((column) => column.name !== WHOLE_ROW && column.total > 0).length
    const all = table.columns.filter((column) => column.name !== WHOLE_ROW).length
    const more = all === 0 ? null : isOpen ? 'Show fewer columns' : `${used} of ${plural(all, 'column')} used`
    return { id, layer: 0, kind: table.kind, name: table.name, language: null, total: table.total, rows: shown, more, expanded: isOpen, lock, opens: null, light: boxLight(light(locked, lock, () => false), rows) }
  })
}

function fileBoxes(graph: Graph, locked: Locked, expanded: ReadonlySet<string>): FlowBox[] {
  const symbols = new Map<string, { total: number; kinds: Set<UsageKind> }>()
  for (const edge of graph.edges) {
    const key = symbolKey(edge.file_path, edge.symbol)
    const entry = symbols.get(key) ?? { total: 0, kinds: new Set<UsageKind>() }
    symbols.set(key, { total: entry.total + edge.count, kinds: entry.kinds.add(edge.usage_type) })
  }
  return graph.code.map((file): FlowBox => {
    const id = fileId(file.file_path)
    const rows = file.symbols.map(({ symbol }): FlowRow => {
      const lock: Lock = { kind: 'symbol', file: file.file_path, symbol }
      const key = symbolKey(file.file_path, symbol)
      const entry = symbols.get(key)
      return { id: symbolRow(file.file_path, symbol), name: symbol, kinds: orderedKinds(entry?.kinds ?? new Set()), total: entry?.total ?? 0, lock, light: light(locked, lock, (path) => path.symbols.has(key)) }
    })
    const lock: Lock = { kind: 'file', file: file.file_path }
    const total = rows.reduce((sum, row) => sum + (row.total ?? 0), 0)
    return { ...box(id, 1, 'file', file.file_path, rows, expanded, 'function'), language: file.language, total, lock, light: boxLight(light(locked, lock, () => false), rows) }
  })
}

function box(id: string, layer: Layer, kind: BoxKind, name: string, rows: FlowRow[], expanded: ReadonlySet<string>, noun: string): FlowBox {
  const isOpen = expanded.has(id)
  const shown = shownRows(rows, isOpen)
  const rest = rows.length - shown.length
  const more = rest > 0 ? `${rest} more ${noun}${rest === 1 ? '' : 's'}` : isOpen && rows.length > ROWS_SHOWN + 1 ? `Show fewer ${noun}s` : null
  return { id, layer, kind, name, language: null, total: rows.length, rows: shown, more, expanded: isOpen, lock: null, opens: null, light: 'plain' }
}

function endpointBoxes(graph: Graph, locked: Locked, expanded: ReadonlySet<string>): FlowBox[] {
  const files = new Map<string, Graph['endpoints']>()
  for (const endpoint of graph.endpoints) files.set(endpoint.file_path, [...(files.get(endpoint.file_path) ?? []), endpoint])
  return [...files].map(([path, endpoints]): FlowBox => {
    const rows = endpoints.map(({ endpoint_id: endpoint, method, path: route }): FlowRow => {
      const lock: Lock = { kind: 'endpoint', endpoint }
      return { id: endpointRow(endpoint), name: `${method} ${route}`, kinds: [], total: null, lock, light: light(locked, lock, (on) => on.endpoints.has(endpoint)) }
    })
    const own: Light = locked.path === null ? 'plain' : 'off'
    return { ...box(endpointsId(path), 2, 'endpoints', path, rows, expanded, 'endpoint'), light: boxLight(own, rows) }
  })
}

interface Joint {
  from: string
  to: string
  fromRow: string | null
  toRow: string | null
}

/** Lines that begin and end at the same rows are one line. */
function gather<T>(items: readonly T[], joint: (item: T) => Joint | null, line: (joint: Joint, members: T[]) => FlowLine): FlowLine[] {
  const groups = new Map<string, { joint: Joint; members: T[] }>()
  for (const item of items) {
    const ends = joint(item)
    if (ends === null) continue
    const id = `${ends.fromRow ?? ends.from} → ${ends.toRow ?? ends.to}`
    const group = groups.get(id)
    if (group) group.members.push(item)
    else groups.set(id, { joint: ends, members: [item] })
  }
  return [...groups].map(([id, group]) => ({ ...line(group.joint, group.members), id }))
}

interface Ends {
  boxes: ReadonlySet<string>
  rows: ReadonlySet<string>
  tableOf: ReadonlyMap<string, string>
  endpointFile: ReadonlyMap<string, string>
}

function endsOf(graph: Graph, boxes: readonly FlowBox[]): Ends {
  return {
    boxes: new Set(boxes.map((item) => item.id)),
    rows: new Set(boxes.flatMap((item) => item.rows.map((row) => row.id))),
    tableOf: new Map(graph.tables.flatMap((table) => table.columns.map((column) => [column.column_id, table.name] as const))),
    endpointFile: new Map(graph.endpoints.map((endpoint) => [endpoint.endpoint_id, endpoint.file_path])),
  }
}

const visible = (ends: Ends, row: string): string | null => (ends.rows.has(row) ? row : null)

/** The kind with most usages. */
function mainKind(members: readonly { kind: UsageKind; count: number }[]): UsageKind | null {
  const sums = new Map<UsageKind, number>()
  for (const { kind, count } of members) sums.set(kind, (sums.get(kind) ?? 0) + count)
  return [...sums].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null
}

function usageLines(graph: Graph, locked: Locked, ends: Ends): FlowLine[] {
  const { path } = locked
  const joint = (edge: Graph['edges'][number]): Joint | null => {
    const table = ends.tableOf.get(edge.column_id)
    if (table === undefined) return null
    return { from: tableId(table), to: fileId(edge.file_path), fromRow: visible(ends, columnRow(edge.column_id)), toRow: visible(ends, symbolRow(edge.file_path, edge.symbol)) }
  }
  return gather(graph.edges, joint, (joined, members) => {
    const isOn = (edge: Graph['edges'][number]) => path !== null && path.columns.has(edge.column_id) && path.symbols.has(symbolKey(edge.file_path, edge.symbol))
    const on = members.filter(isOn)
    const told = on.length > 0 ? on : members
    const first = told.reduce((a, b) => (b.line_number < a.line_number ? b : a))
    const count = told.reduce((sum, edge) => sum + edge.count, 0)
    const single = new Set(told.map((edge) => symbolKey(edge.file_path, edge.symbol))).size === 1
    return {
      ...joined,
      id: '',
      kind: mainKind(told.map((edge) => ({ kind: edge.usage_type, count: edge.count }))),
      count,
      label: count === 1 ? lineName(first) : `${plural(count, 'usage')} from ${lineName(first)}`,
      tag: count === 1 ? `line ${first.line_number}` : plural(count, 'usage'),
      lock: { kind: 'symbol', file: first.file_path, symbol: first.symbol },
      at: single ? { file: first.file_path, symbol: first.symbol } : null,
      light: path === null ? 'plain' : on.length > 0 ? 'on' : 'off',
    }
  })
}

function reachLines(graph: Graph, locked: Locked, ends: Ends): FlowLine[] {
  const { path } = locked
  const joint = (reach: Graph['reaches'][number]): Joint | null => {
    const [to, from] = [endpointsId(ends.endpointFile.get(reach.endpoint_id) ?? ''), fileId(reach.file_path)]
    if (!ends.boxes.has(to) || !ends.boxes.has(from)) return null
    return { from, to, fromRow: visible(ends, symbolRow(reach.file_path, reach.symbol)), toRow: visible(ends, endpointRow(reach.endpoint_id)) }
  }
  return gather(graph.reaches, joint, (joined, members) => {
    const isOn = path !== null && members.some((reach) => path.endpoints.has(reach.endpoint_id) && path.symbols.has(symbolKey(reach.file_path, reach.symbol)))
    const first = members[0] as Graph['reaches'][number]
    const endpoints = new Set(members.map((reach) => reach.endpoint_id)).size
    const tag = plural(endpoints, 'endpoint')
    return { ...joined, id: '', kind: null, count: members.length, label: `reached by ${tag}`, tag, lock: { kind: 'endpoint', endpoint: first.endpoint_id }, at: null, light: path === null ? 'plain' : isOn ? 'on' : 'off' }
  })
}

function relationLines(graph: Graph, locked: Locked, ends: Ends): FlowLine[] {
  const { path } = locked
  const isNear = (id: string) => path !== null && (path.columns.has(id) || path.neighbors.has(id))
  const joint = ({ from_column_id: from, to_column_id: to }: Graph['relations'][number]): Joint | null => {
    const [source, target] = [ends.tableOf.get(from), ends.tableOf.get(to)]
    if (source === undefined || target === undefined) return null
    return { from: tableId(source), to: tableId(target), fromRow: visible(ends, columnRow(from)), toRow: visible(ends, columnRow(to)) }
  }
  return gather(graph.relations, joint, (joined, members) => {
    const isOn = members.some((item) => isNear(item.from_column_id) && isNear(item.to_column_id))
    return { ...joined, id: '', kind: null, count: members.length, label: `${baseName(joined.from)} refers to ${baseName(joined.to)}`, tag: '', lock: null, at: null, light: path === null ? 'plain' : isOn ? 'on' : 'off' }
  })
}

/** Where everything is on the path, nothing has to stand out. */
function evened(lines: FlowLine[]): FlowLine[] {
  return lines.some((line) => line.light === 'off') ? lines : lines.map((line) => ({ ...line, light: 'plain' }))
}

/** The drawing of a graph; `expanded` has the ids of the boxes of which everything is shown. */
export function flowModel(graph: Graph, locked: Locked, expanded: ReadonlySet<string>): FlowModel {
  const boxes = [...tableBoxes(graph, locked, expanded), ...fileBoxes(graph, locked, expanded), ...endpointBoxes(graph, locked, expanded)]
  const ends = endsOf(graph, boxes)
  return { boxes, lines: evened([...usageLines(graph, locked, ends), ...reachLines(graph, locked, ends)]), relations: relationLines(graph, locked, ends) }
}
