// Owns which rows and columns of a large grid are in view. Browsers cap how tall an element may be (Firefox at about
// 17.9 M px): above that, a place of the scroll bar stands for a row by ratio instead of pixel by pixel. Pure.

export const TALLEST = 15_000_000

export interface RowWindow {
  /** Height of the scrolled element. */
  total: number
  /** First row in view and the one after the last. */
  first: number
  last: number
  /** Where a row stands in the scrolled element. */
  top: (row: number) => number
}

export function rowWindow(count: number, height: number, view: number, scrollTop: number, overscan: number): RowWindow {
  const all = count * height
  const total = Math.min(all, TALLEST)
  const shift = total === all ? 0 : scrollTop - placeOf(scrollTop, all, total, view)
  const at = scrollTop - shift
  const first = Math.max(0, Math.floor(at / height) - overscan)
  const last = Math.min(count, Math.ceil((at + view) / height) + overscan)
  return { total, first, last, top: (row) => row * height + shift }
}

/** The rows in view, each in its slot: what scrolls out makes room for what scrolls in, and its elements are used again. */
export function slotted(first: number, last: number, slots: number): number[] {
  return Array.from({ length: slots }, (_, slot) => first + ((((slot - first) % slots) + slots) % slots)).filter((row) => row < last)
}

const placeOf = (scrollTop: number, all: number, total: number, view: number): number =>
  total <= view ? 0 : (Math.min(scrollTop, total - view) / (total - view)) * (all - view)

/** The scrollTop at which a row is in view, as near to the current one as can be. */
export function scrollTo(row: number, count: number, height: number, view: number, scrollTop: number): number {
  const all = count * height
  const total = Math.min(all, TALLEST)
  const at = total === all ? scrollTop : placeOf(scrollTop, all, total, view)
  const wanted = row * height < at ? row * height : (row + 1) * height > at + view ? (row + 1) * height - view : at
  if (wanted === at) return scrollTop
  return total === all ? wanted : (wanted / (all - view)) * (total - view)
}

/** The columns in view, as a range with one more on each side, and how much space stands before the first. */
export function columnWindow(widths: readonly number[], left: number, view: number): { first: number; last: number; before: number } {
  let at = 0
  let first = 0
  while (first < widths.length - 1 && at + (widths[first] ?? 0) < left) at += widths[first++] ?? 0
  if (first > 0) at -= widths[--first] ?? 0
  let last = first
  let end = at
  while (last < widths.length && end < left + view) end += widths[last++] ?? 0
  return { first, last: Math.min(widths.length, last + 1), before: at }
}
