// Owns the lines of the foreign keys: one drawing beneath the boxes, so that moving over the diagram costs nothing for each line.
import { ViewportPortal } from '@xyflow/react'
import { memo, useMemo } from 'react'
import type { LiveRelation } from '@/api/types'
import { HEAD, linesOf, ROW, WIDTH } from './layout'
import { idOf } from './staging'

const REACH = 40

interface End {
  left: number
  right: number
  y: number
}

function end(relation: LiveRelation, { x, y }: { x: number; y: number }, column: string | undefined): End {
  const at = relation.columns.findIndex((one) => one.name === column)
  return { left: x, right: x + WIDTH, y: y + (at < 0 ? HEAD / 2 : HEAD + ROW * at + ROW / 2) }
}

/** The path between two boxes, on whichever sides are nearer; the crow's foot stands at the side of the many. */
function path(from: End, to: End): string {
  const [fromRight, toRight] = from.right + REACH < to.left ? [true, false] : to.right + REACH < from.left ? [false, true] : [true, true]
  const [x1, x2] = [fromRight ? from.right : from.left, toRight ? to.right : to.left]
  const [d1, d2] = [fromRight ? 1 : -1, toRight ? 1 : -1]
  const foot = `M${x1} ${from.y - 5}L${x1 + d1 * 9} ${from.y}L${x1} ${from.y + 5}M${x1} ${from.y}H${x1 + d1 * 9}`
  return `${foot}M${x1 + d1 * 9} ${from.y}C${x1 + d1 * REACH * 1.6} ${from.y} ${x2 + d2 * REACH * 1.6} ${to.y} ${x2 + d2 * 4} ${to.y}M${x2 + d2 * 4} ${to.y - 5}V${to.y + 5}M${x2 + d2 * 4} ${to.y}H${x2}`
}

interface KeyLinesProps {
  relations: readonly LiveRelation[]
  /** Where the boxes stand now, also while one is dragged. */
  boxes: readonly { id: string; position: { x: number; y: number } }[]
  chosen: string | null
}

export const KeyLines = memo(function KeyLines({ relations, boxes, chosen }: KeyLinesProps) {
  const lines = useMemo(() => linesOf(relations), [relations])
  const known = useMemo(() => new Map(relations.map((one) => [idOf(one), one])), [relations])
  const places = new Map(boxes.map((one) => [one.id, one.position]))
  const drawn = lines.flatMap((line) => {
    const [from, to] = [known.get(line.from), known.get(line.to)]
    const [start, stop] = [places.get(line.from), places.get(line.to)]
    if (!from || !to || !start || !stop) return []
    const d = path(end(from, start, line.columns[0]), end(to, stop, line.refColumns[0]))
    return [{ id: line.id, d, near: line.from === chosen || line.to === chosen, label: `${line.from} refers to ${line.to}` }]
  })
  return (
    <ViewportPortal>
      <svg className="keylines">
        {/* Those of the chosen table come last, and so stand above the others. */}
        {drawn
          .sort((a, b) => Number(a.near) - Number(b.near))
          .map((line) => (
            <path key={line.id} role="img" aria-label={line.label} className={line.near ? 'near' : ''} d={line.d} />
          ))}
      </svg>
    </ViewportPortal>
  )
})
