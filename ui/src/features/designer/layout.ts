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

interface Box {
  id: string
  x: number
  y: number
  height: number
}

/** Boxes as columns: those that begin within the width of the first belong together. */
function columnsOf(boxes: readonly Box[]): Box[][] {
  const columns: Box[][] = []
  for (const box of [...boxes].sort((a, b) => a.x - b.x)) {
    const last = columns.at(-1)
    if (last && box.x < (last[0]?.x ?? 0) + WIDTH) last.push(box)
    else columns.push([box])
  }
  return columns.map((column) => column.sort((a, b) => a.y - b.y))
}

/** Positions in which a column that is much taller than the drawing should be stands as several beside each other. */
export function balanced(positions: Positions, relations: readonly LiveRelation[]): Positions {
  const boxes = relations.map((relation): Box => ({ id: idOf(relation), height: heightOf(relation), ...(positions[idOf(relation)] ?? { x: 0, y: 0 }) }))
  const columns = columnsOf(boxes)
  const tall = (column: readonly Box[]) => column.reduce((sum, box) => sum + box.height + GAP / 1.5, 0)
  const area = boxes.reduce((sum, box) => sum + (box.height + GAP) * (WIDTH + GAP), 0)
  const most = Math.max(900, Math.sqrt(area / 1.4))
  if (columns.every((column) => tall(column) <= most * 1.5)) return positions
  const found: Positions = {}
  let x = 0
  for (const column of columns) {
    const parts = Math.ceil(tall(column) / most)
    const height = tall(column) / parts
    let y = 0
    column.forEach((box, at) => {
      if (y > 0 && y + box.height / 2 > height && parts > 1) {
        x += WIDTH + GAP
        y = 0
      }
      found[box.id] = { x: Math.round(x), y: Math.round(y + (most - Math.min(most, height)) / 2) }
      y += box.height + GAP / 1.5
      if (at === column.length - 1) x += WIDTH + GAP * 2
    })
  }
  return found
}

/** The table with the most lines and some that it has them with: where to begin when not all can be read at once. */
export function hub(relations: readonly LiveRelation[], size = 9): string[] {
  const near = new Map<string, Set<string>>()
  for (const { from, to } of linesOf(relations)) {
    near.set(from, (near.get(from) ?? new Set()).add(to))
    near.set(to, (near.get(to) ?? new Set()).add(from))
  }
  const [first] = [...near].sort((a, b) => b[1].size - a[1].size)
  return first ? [...new Set([first[0], ...first[1]])].slice(0, size) : relations.slice(0, size).map(idOf)
}

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
