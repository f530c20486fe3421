// Owns which boxes a user has moved, remembered by this browser for one scan until the user signs out.
import type { Point, Positions } from './flow-layout'

const MOST = 1000
const key = (codebase: string, scan: string): string => `headwater.flow.${codebase}.${scan}`
const isPoint = (value: unknown): value is Point => typeof value === 'object' && value !== null && Number.isFinite((value as Point).x) && Number.isFinite((value as Point).y)

/** The moved boxes of a scan; none when nothing, or nonsense, is stored. */
export function movedBoxes(codebase: string, scan: string): Positions {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key(codebase, scan)) ?? '{}')
    if (typeof stored !== 'object' || stored === null) return {}
    return Object.fromEntries(Object.entries(stored).filter((entry): entry is [string, Point] => isPoint(entry[1])))
  } catch {
    return {}
  }
}

/** Remembers the moved boxes; those of older scans of the codebase are forgotten. */
export function rememberMoved(codebase: string, scan: string, moved: Positions): void {
  const mine = key(codebase, scan)
  try {
    const older = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index)).filter((name) => name?.startsWith(key(codebase, '')) && name !== mine)
    for (const name of older) if (name) localStorage.removeItem(name)
    if (Object.keys(moved).length === 0) localStorage.removeItem(mine)
    else localStorage.setItem(mine, JSON.stringify(Object.fromEntries(Object.entries(moved).slice(-MOST))))
  } catch {
    // Storage can be full or switched off: the boxes then stay where they are as long as the page.
  }
}
