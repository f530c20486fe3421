// Owns what part of a scrolled grid is in view, followed as it scrolls and changes size.
import { useLayoutEffect, useState, type RefObject } from 'react'
import { columnWindow, rowWindow, slotted } from '@/lib/window'

const OVERSCAN = 8
// Rows stand in blocks: one that stays in view keeps its place in its block, and is not drawn anew.
const BLOCK = 64

export function useWindow(box: RefObject<HTMLDivElement | null>, count: number, height: number, head: number, widths: readonly number[]) {
  const [seen, setSeen] = useState({ top: 0, left: 0, height: 0, width: 0 })
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const look = () => setSeen({ top: element.scrollTop, left: element.scrollLeft, height: element.clientHeight, width: element.clientWidth })
    look()
    const observer = new ResizeObserver(look)
    observer.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [box])
  const view = Math.max(0, seen.height - head)
  const rows = rowWindow(count, height, view, seen.top, OVERSCAN)
  const base = rows.first - (rows.first % BLOCK)
  return {
    total: rows.total,
    first: rows.first,
    last: rows.last,
    rows: slotted(rows.first, rows.last, Math.ceil(view / height) + 1 + 2 * OVERSCAN),
    /** Where the block of rows stands, and a row within it. */
    blockTop: rows.top(base),
    within: (row: number) => (row - base) * height,
    top: rows.top,
    columns: columnWindow(widths, seen.left, seen.width),
  }
}
