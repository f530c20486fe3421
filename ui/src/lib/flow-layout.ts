// Owns the geometry of the flow: what ELK is asked, where boxes and the ends of lines stand, and the paths of lines.
import type { ElkNode } from 'elkjs/lib/elk-api'
import type { FlowBox, FlowLine, FlowModel, Layer } from './flow-model'

export const HEAD = 28
export const ROW = 24
const GAP = 16
const WIDTHS = { 0: 220, 1: 280, 2: 250 } as const
const LAYERS: readonly Layer[] = [0, 1, 2]
const LAYER_X = { 0: 0, 1: 350, 2: 760 } as const
/** Foreign keys need some room at the left of the tables. */
export const LEFT = 84
/** Above this many boxes ELK is asked for less care. */
const MANY = 120

export interface Point {
  x: number
  y: number
}
export type Positions = Readonly<Record<string, Point>>

export const widthOf = (box: FlowBox): number => WIDTHS[box.layer]
export const rowsOf = (box: FlowBox): number => box.rows.length + (box.more === null ? 0 : 1)
export const heightOf = (box: FlowBox): number => HEAD + ROW * rowsOf(box)

/** How far below the top of its box a line ends: at its row, or at the row of what is not shown, or at the head. */
export function portY(box: FlowBox, row: string | null): number {
  const at = row === null ? -1 : box.rows.findIndex((item) => item.id === row)
  if (at >= 0) return HEAD + ROW * at + ROW / 2
  return box.more === null || box.opens !== null ? HEAD / 2 : HEAD + ROW * box.rows.length + ROW / 2
}

const portId = (box: string, row: string | null): string => `${box} ${row ?? ''}`

function elkBox(box: FlowBox): ElkNode {
  const ends = [...box.rows.map((row) => row.id), null]
  const sides = box.layer === 1 ? ([0, widthOf(box)] as const) : box.layer === 0 ? ([widthOf(box)] as const) : ([0] as const)
  return {
    id: box.id,
    width: widthOf(box),
    height: heightOf(box),
    ports: sides.flatMap((x) => ends.map((row) => ({ id: `${x > 0 ? 'right' : 'left'} ${portId(box.id, row)}`, x, y: portY(box, row), width: 0, height: 0 }))),
    layoutOptions: { 'elk.partitioning.partition': String(box.layer), 'elk.portConstraints': 'FIXED_POS' },
  }
}

/** The question for ELK: a layer each for tables, code and endpoints, a port for each row. */
export function layoutInput(model: FlowModel): ElkNode {
  const fast = model.boxes.length > MANY
  return {
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'RIGHT',
      'elk.partitioning.activate': 'true',
      'elk.separateConnectedComponents': 'false',
      'elk.spacing.nodeNode': String(GAP),
      'elk.layered.thoroughness': fast ? '1' : '3',
      'elk.layered.nodePlacement.strategy': 'SIMPLE',
      'elk.edgeRouting': 'POLYLINE',
      ...(fast ? { 'elk.layered.crossingMinimization.greedySwitch.type': 'OFF' } : { 'elk.layered.considerModelOrder.strategy': 'PREFER_NODES' }),
    },
    children: model.boxes.map(elkBox),
    edges: model.lines.map((line) => ({ id: line.id, sources: [`right ${portId(line.from, line.fromRow)}`], targets: [`left ${portId(line.to, line.toRow)}`] })),
  }
}

/** The boxes of ELK's answer from top to bottom. */
export const orderFrom = (answer: ElkNode): string[] => [...(answer.children ?? [])].sort((a, b) => (a.y ?? 0) - (b.y ?? 0)).map((node) => node.id)

/** Positions of all boxes: each layer is a column in this order, newcomers stand at its end. */
export function stacked(boxes: readonly FlowBox[], order: readonly string[]): Positions {
  const rank = new Map(order.map((id, index) => [id, index]))
  const positions: Record<string, Point> = {}
  for (const layer of LAYERS) {
    let y = 0
    const members = boxes.filter((box) => box.layer === layer).sort((a, b) => (rank.get(a.id) ?? Infinity) - (rank.get(b.id) ?? Infinity) || 0)
    for (const box of members) {
      positions[box.id] = { x: LAYER_X[layer], y }
      y += heightOf(box) + GAP
    }
  }
  return positions
}

/** The corners of everything that is drawn. */
export function bounds(boxes: readonly FlowBox[], positions: Positions): { x: number; y: number; width: number; height: number } {
  const corners = boxes.flatMap((box) => {
    const at = positions[box.id]
    return at ? [{ left: at.x, top: at.y, right: at.x + widthOf(box), bottom: at.y + heightOf(box) }] : []
  })
  const [x, y] = [Math.min(...corners.map((item) => item.left)), Math.min(...corners.map((item) => item.top))]
  return { x, y, width: Math.max(...corners.map((item) => item.right)) - x, height: Math.max(...corners.map((item) => item.bottom)) - y }
}

export interface DrawnLine {
  line: FlowLine
  path: string
  middle: Point
}

const round = (value: number): number => Math.round(value * 10) / 10

function curve(from: Point, to: Point, straight: boolean): string {
  if (straight) return `M${round(from.x)} ${round(from.y)}L${round(to.x)} ${round(to.y)}`
  const reach = Math.max(48, Math.abs(to.x - from.x) / 2)
  return `M${round(from.x)} ${round(from.y)}C${round(from.x + reach)} ${round(from.y)} ${round(to.x - reach)} ${round(to.y)} ${round(to.x)} ${round(to.y)}`
}

/** A foreign key: at the left of both tables, so that it crosses no usage. */
function bend(from: Point, to: Point): string {
  const x = round(Math.min(from.x, to.x) - 24 - Math.min(80, Math.abs(from.y - to.y) / 10))
  return `M${round(from.x)} ${round(from.y)}C${x} ${round(from.y)} ${x} ${round(to.y)} ${round(to.x)} ${round(to.y)}`
}

/** The lines as paths, those on the locked path last, so that they stand above the others. */
export function drawnLines(model: FlowModel, positions: Positions, straight = false): DrawnLine[] {
  const boxes = new Map(model.boxes.map((box) => [box.id, box]))
  const draw = (line: FlowLine, isRelation: boolean): DrawnLine[] => {
    const [from, to] = [boxes.get(line.from), boxes.get(line.to)]
    const [start, stop] = [positions[line.from], positions[line.to]]
    if (!from || !to || !start || !stop) return []
    const a = { x: start.x + (isRelation ? 0 : widthOf(from)), y: start.y + portY(from, line.fromRow) }
    const b = { x: stop.x, y: stop.y + portY(to, line.toRow) }
    return [{ line, path: isRelation ? bend(a, b) : curve(a, b, straight), middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } }]
  }
  const drawn = [...model.relations.flatMap((line) => draw(line, true)), ...model.lines.flatMap((line) => draw(line, false))]
  return drawn.sort((a, b) => Number(a.line.light === 'on') - Number(b.line.light === 'on'))
}

/** Many lines over each other would glare: the more there are, the fainter each one is. */
export function lineOpacity(line: FlowLine, all: number): number {
  if (line.light === 'off') return 0.08
  if (line.light === 'on') return line.kind === null ? 0.5 : 0.9
  return Math.max(0.2, Math.min(0.6, 60 / all))
}

/** Lines of many usages are thicker. */
export const lineWidth = (line: FlowLine): number => (line.light === 'on' ? 1.4 : 1.1) + (line.kind === null ? 0 : Math.min(1.6, Math.log10(Math.max(1, line.count)) * 0.45))

/** How wide the drawing is, with the room for foreign keys. */
export function drawingWidth(boxes: readonly FlowBox[]): number {
  const layers = boxes.map((box) => LAYER_X[box.layer] + widthOf(box))
  return LEFT + Math.max(0, ...layers)
}
