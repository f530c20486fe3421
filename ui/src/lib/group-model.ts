// Owns the drawing of a whole codebase: tables at the left, parts of the code at the right, lines with the numbers of usages.
import type { CodeGroup, GroupGraph, UsageKind } from '@/api/types'
import type { FlowBox, FlowLine, FlowModel, Light } from './flow-model'
import { groupId, tableId } from './flow-model'
import { plural } from './format'
import type { Lock } from './graph-lock'
import { KINDS } from './usage-kinds'

/** Tables that are drawn at first; to draw the others is a question of patience. */
export const TABLES_FIRST = 60

const mainKind = (counts: Partial<Record<UsageKind, number>>): UsageKind | null =>
  KINDS.map((info) => info.kind).sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0))[0] ?? null

function box(id: string, rest: Pick<FlowBox, 'layer' | 'kind' | 'name' | 'total' | 'light'> & Partial<FlowBox>): FlowBox {
  return { id, language: null, rows: [], more: null, expanded: false, lock: null, opens: null, ...rest }
}

function groupBoxes(graph: GroupGraph, lightOf: (group: string) => Light): FlowBox[] {
  return graph.groups.map((group: CodeGroup) =>
    box(groupId(group.name), { layer: 1, kind: group.kind, name: group.name, total: group.total, opens: group, more: plural(group.files, 'file'), light: lightOf(group.name) }),
  )
}

/** The drawing; a locked table has its path through the parts of the code that use it. */
export function groupModel(graph: GroupGraph, lock: Lock | null, most: number): FlowModel {
  const tables = graph.tables.slice(0, most)
  const names = new Set(tables.map((table) => table.name))
  const locked = lock?.kind === 'table' && names.has(lock.table) ? lock.table : null
  const using = new Set(graph.edges.filter((edge) => edge.table === locked).map((edge) => edge.group))
  const near = new Set(graph.relations.flatMap(({ from_table: from, to_table: to }) => (from === locked ? [to] : to === locked ? [from] : [])))
  const light = (isOn: boolean): Light => (locked === null ? 'plain' : isOn ? 'on' : 'off')
  const lines = graph.edges.flatMap((edge): FlowLine[] => {
    if (!names.has(edge.table)) return []
    const [from, to] = [tableId(edge.table), groupId(edge.group)]
    return [{ id: `${from} → ${to}`, from, to, fromRow: null, toRow: null, kind: mainKind(edge.counts), count: edge.count, label: plural(edge.count, 'usage'), tag: plural(edge.count, 'usage'), lock: { kind: 'table', table: edge.table }, at: null, light: light(edge.table === locked) }]
  })
  const relations = graph.relations.flatMap(({ from_table: from, to_table: to }): FlowLine[] => {
    if (!names.has(from) || !names.has(to)) return []
    return [{ id: `${tableId(from)} → ${tableId(to)}`, from: tableId(from), to: tableId(to), fromRow: null, toRow: null, kind: null, count: 1, label: `${from} refers to ${to}`, tag: '', lock: null, at: null, light: light(from === locked || to === locked) }]
  })
  const boxes = tables.map((table) =>
    box(tableId(table.name), { layer: 0, kind: table.kind, name: table.name, total: table.total, lock: { kind: 'table', table: table.name }, light: table.name === locked ? 'locked' : light(near.has(table.name)) }),
  )
  return { boxes: [...boxes, ...groupBoxes(graph, (group) => light(using.has(group)))], lines, relations }
}
