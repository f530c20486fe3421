// Owns the geometry of the flow: what ELK is asked, and where its answer puts each node.
import type { ElkNode } from 'elkjs/lib/elk-api'
import { symbolKey, type GraphView } from './graph-view'

export const HEAD = 28
export const ROW = 24
export const TABLE_WIDTH = 232
export const FILE_WIDTH = 300
const GAP = 260

export const tableId = (name: string): string => `table ${name}`
export const fileId = (path: string): string => `file ${path}`
export const columnPort = (id: string): string => `column ${id}`
export const symbolPort = (file: string, symbol: string): string => `symbol ${symbolKey(file, symbol)}`

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.partitioning.activate': 'true',
  'elk.separateConnectedComponents': 'false',
  'elk.spacing.nodeNode': '20',
  'elk.layered.spacing.nodeNodeBetweenLayers': String(GAP),
  'elk.layered.thoroughness': '3',
  'elk.layered.considerModelOrder.strategy': 'PREFER_NODES',
}

const nodeOptions = (partition: number) => ({ 'elk.partitioning.partition': String(partition), 'elk.portConstraints': 'FIXED_POS' })

function box(id: string, width: number, rows: readonly string[], extra: number, partition: number): ElkNode {
  const x = partition === 0 ? width : 0
  return {
    id,
    width,
    height: HEAD + ROW * (rows.length + extra),
    ports: rows.map((row, index) => ({ id: row, x, y: HEAD + ROW * index + ROW / 2, width: 0, height: 0 })),
    layoutOptions: nodeOptions(partition),
  }
}

/** The question for ELK: tables in the first layer, files in the second, a port for each row. */
export function layoutInput(view: GraphView): ElkNode {
  const tables = view.tables.map((table) =>
    box(tableId(table.name), TABLE_WIDTH, table.columns.map((column) => columnPort(column.column_id)), table.more > 0 ? 1 : 0, 0),
  )
  const files = view.files.map((file) =>
    box(fileId(file.file_path), FILE_WIDTH, file.symbols.map((one) => symbolPort(file.file_path, one.symbol)), 0, 1),
  )
  const ports = new Set([...tables, ...files].flatMap((node) => (node.ports ?? []).map((port) => port.id)))
  const edges = view.edges
    .map((edge) => ({ id: edge.id, sources: [columnPort(edge.column_id)], targets: [symbolPort(edge.file_path, edge.symbol)] }))
    .filter((edge) => ports.has(edge.sources[0] ?? '') && ports.has(edge.targets[0] ?? ''))
  return { id: 'root', layoutOptions: OPTIONS, children: [...tables, ...files], edges }
}

export type Positions = Record<string, { x: number; y: number }>

/** ELK's answer as positions: each side starts at the top, and files stand in one column. */
export function positionsFrom(answer: ElkNode): Positions {
  const nodes = answer.children ?? []
  const positions: Positions = {}
  for (const side of ['table ', 'file ']) {
    const members = nodes.filter((node) => node.id.startsWith(side))
    const top = Math.min(...members.map((node) => node.y ?? 0))
    const x = side === 'table ' ? 0 : TABLE_WIDTH + GAP
    for (const node of members) positions[node.id] = { x, y: (node.y ?? 0) - top }
  }
  return positions
}
