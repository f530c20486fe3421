// Owns the dots behind the boxes: they lie on the layer that moves, for a layer of their own would be laid over it anew for each frame.
import { ViewportPortal } from '@xyflow/react'

const GAP = 16
/** How far the dots reach beyond the outermost boxes. */
const MARGIN = 250 * GAP

interface DotsProps {
  boxes: readonly { position: { x: number; y: number } }[]
}

export function Dots({ boxes }: DotsProps) {
  if (boxes.length === 0) return null
  const xs = boxes.map((box) => box.position.x)
  const ys = boxes.map((box) => box.position.y)
  const first = (list: number[]) => Math.floor(Math.min(...list) / GAP) * GAP - MARGIN
  const length = (list: number[]) => Math.max(...list) - Math.min(...list) + 2 * MARGIN
  return (
    <ViewportPortal>
      <div className="dots" aria-hidden="true" style={{ left: first(xs), top: first(ys), width: length(xs), height: length(ys), backgroundSize: `${GAP}px ${GAP}px` }} />
    </ViewportPortal>
  )
}
