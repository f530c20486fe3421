// Owns which boxes show their columns: those in or near the view, when it is near enough for them to be read.
import { useStore } from '@xyflow/react'

/** Below this zoom boxes show their names alone: the letters of a column would be smaller than six pixels. */
export const FAR = 0.5
const STEPS = 4

interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** Whether a box meets the view or what is just around it; told in steps of a quarter of the view, so that it changes seldom. */
export function isNear([tx, ty, zoom]: readonly [number, number, number], width: number, height: number, box: Box): boolean {
  if (zoom < FAR || width === 0) return false
  return meets(-tx / zoom, width / zoom / STEPS, box.x, box.width) && meets(-ty / zoom, height / zoom / STEPS, box.y, box.height)
}

function meets(from: number, step: number, at: number, length: number): boolean {
  const first = (Math.floor(from / step) - 1) * step
  return at + length > first && at < first + (STEPS + 3) * step
}

export const useDetail = (box: Box): boolean => useStore((state) => isNear(state.transform, state.width, state.height, box))
