// Owns where the tables of a diagram stand: what ELK is asked, what this browser remembers, room for newcomers.
import type { ElkNode } from 'elkjs/lib/elk-api'
import type { LiveRelation } from '@/api/types'
import { idOf } from './staging'

export const HEAD = 28
export const ROW = 22
export const WIDTH = 216
const GAP = 48
/** Above this many tables ELK is asked for less care. */
const MANY = 120

export type Positions = Record<string, { x: number; y: number }>

export const heightOf = (relation: LiveRelation): number => HEAD + ROW * relation.columns.length + 2

export interface Line {
  id: string
  from: string
  to: string
  columns: string[]
  refColumns: string[]
}

/** The foreign keys between the tables that are there. */
export function linesOf(relations: readonly LiveRelation[]): Line[] {
  return relations.flatMap((relation) =>
    (relation.foreign_keys ?? []).flatMap((key) => {
      const target = relations.find((one) => one.name === key.ref_table && (!key.ref_schema || one.schema === key.ref_schema))
      if (!target) return []
      const refColumns = key.ref_columns?.length ? key.ref_columns : (target.primary_key ?? [])
      return [{ id: `${idOf(relation)} ${key.columns.join()} ${idOf(target)}`, from: idOf(relation), to: idOf(target), columns: key.columns, refColumns }]
    }),
  )
}

/** The question for ELK: parents at the left of those that refer to them, tables without keys packed beside. */
export function layoutInput(relations: readonly LiveRelation[]): ElkNode {
  const fast = relations.length > MANY
  return {
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'RIGHT',
      'elk.aspectRatio': '1.6',
      'elk.spacing.nodeNode': String(GAP / 1.5),
      'elk.spacing.componentComponent': String(GAP),
      'elk.layered.spacing.nodeNodeBetweenLayers': String(GAP * 2),
      'elk.layered.thoroughness': fast ? '1' : '7',
      'elk.layered.nodePlacement.strategy': fast ? 'SIMPLE' : 'BRANDES_KOEPF',
      'elk.layered.wrapping.strategy': 'OFF',
    },
    children: relations.map((relation) => ({ id: idOf(relation), width: WIDTH, height: heightOf(relation) })),
    edges: linesOf(relations)
      .filter((line) => line.from !== line.to)
      .map((line) => ({ id: line.id, sources: [line.to], targets: [line.from] })),
  }
}

export const positionsFrom = (answer: ElkNode): Positions => Object.fromEntries((answer.children ?? []).map((node) => [node.id, { x: Math.round(node.x ?? 0), y: Math.round(node.y ?? 0) }]))

/** True when what is remembered is about other tables than these, so that all are better laid out anew. */
export function isStale(known: Positions, relations: readonly LiveRelation[]): boolean {
  const lacking = relations.filter((relation) => !known[idOf(relation)]).length
  return lacking > Math.max(2, relations.length * 0.3) || lacking === relations.length
}

/** Positions for all: newcomers stand in a column at the right of the others. */
export function withNewcomers(known: Positions, relations: readonly LiveRelation[]): Positions {
  const placed = relations.filter((relation) => known[idOf(relation)])
  const right = Math.max(0, ...placed.map((relation) => (known[idOf(relation)]?.x ?? 0) + WIDTH))
  const top = Math.min(...placed.map((relation) => known[idOf(relation)]?.y ?? 0))
  let y = Number.isFinite(top) ? top : 0
  const all: Positions = {}
  for (const relation of relations) {
    const id = idOf(relation)
    all[id] = known[id] ?? { x: placed.length > 0 ? right + GAP : 0, y }
    if (!known[id]) y += heightOf(relation) + GAP / 2
  }
  return all
}

const storageKey = (database: string) => `headwater.diagram.${database}`

export function remembered(database: string): Positions {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(storageKey(database)) ?? '{}')
    const good = Object.entries(found as Positions).filter(([, at]) => Number.isFinite(at?.x) && Number.isFinite(at?.y))
    return Object.fromEntries(good)
  } catch {
    return {}
  }
}

export function remember(database: string, positions: Positions): void {
  try {
    localStorage.setItem(storageKey(database), JSON.stringify(positions))
  } catch {
    // Storage can be full or switched off: the arrangement then lasts as long as the page.
  }
}
