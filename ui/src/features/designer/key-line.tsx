// Owns the line of a foreign key: from its column to the column that it refers to, on whichever sides are nearer.
import { BaseEdge, useInternalNode, type Edge, type EdgeProps, type InternalNode } from '@xyflow/react'
import type { LiveRelation } from '@/api/types'
import { HEAD, ROW, WIDTH, type Line } from './layout'

export type KeyEdge = Edge<{ line: Line; near: boolean }, 'key'>

const REACH = 40

function end(node: InternalNode, column: string | undefined): { left: number; right: number; y: number } {
  const relation = node.data['relation'] as LiveRelation
  const at = relation.columns.findIndex((one) => one.name === column)
  const { x, y } = node.internals.positionAbsolute
  return { left: x, right: x + WIDTH, y: y + (at < 0 ? HEAD / 2 : HEAD + ROW * at + ROW / 2) }
}

/** The path between two boxes; the crow's foot stands at the side of the many. */
function path(from: ReturnType<typeof end>, to: ReturnType<typeof end>): string {
  const [fromRight, toRight] = from.right + REACH < to.left ? [true, false] : to.right + REACH < from.left ? [false, true] : [true, true]
  const [x1, x2] = [fromRight ? from.right : from.left, toRight ? to.right : to.left]
  const [d1, d2] = [fromRight ? 1 : -1, toRight ? 1 : -1]
  const foot = `M${x1} ${from.y - 5}L${x1 + d1 * 9} ${from.y}L${x1} ${from.y + 5}M${x1} ${from.y}H${x1 + d1 * 9}`
  return `${foot}M${x1 + d1 * 9} ${from.y}C${x1 + d1 * REACH * 1.6} ${from.y} ${x2 + d2 * REACH * 1.6} ${to.y} ${x2 + d2 * 4} ${to.y}M${x2 + d2 * 4} ${to.y - 5}V${to.y + 5}M${x2 + d2 * 4} ${to.y}H${x2}`
}

export function KeyLine({ id, source, target, data }: EdgeProps<KeyEdge>) {
  const [from, to] = [useInternalNode(source), useInternalNode(target)]
  if (!from || !to || !data) return null
  const style = data.near ? { stroke: 'var(--accent)', strokeWidth: 1.75 } : { stroke: 'var(--control)', strokeWidth: 1.25 }
  return <BaseEdge id={id} path={path(end(from, data.line.columns[0]), end(to, data.line.refColumns[0]))} style={{ ...style, fill: 'none' }} interactionWidth={0} />
}
