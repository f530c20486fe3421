// Owns which pages of a table's rows are read, kept and counted. Pure.
import type { RowsPage } from '@/api/types'

export const PAGE = 200
const KEPT = 50

/** Which rows of a list are read: from a cursor on, or after so many rows. */
export interface RowRange {
  cursor?: string
  skip?: number
  limit: number
}

export type Pages = ReadonlyMap<number, RowsPage>

/** The pages with a page more, without those that are farthest from it when there are too many. The first stays. */
export function keep(pages: Pages, number: number, page: RowsPage): Pages {
  const next = new Map(pages).set(number, page)
  const far = [...next.keys()].filter((one) => one > 0).sort((one, other) => Math.abs(other - number) - Math.abs(one - number))
  for (const one of far.slice(0, Math.max(0, next.size - KEPT))) next.delete(one)
  return next
}

/** The pages that rows in view want and half a page around them, as those to read now and those worth waiting for. */
export function wanted(pages: Pages, from: number, to: number): { now: number[]; soon: number[] } {
  const [low, high] = [Math.max(0, Math.floor((from - PAGE / 2) / PAGE)), Math.floor((to + PAGE / 2) / PAGE)]
  const isBehind = (number: number) => [...pages].some(([other, page]) => other < number && page.next === null)
  const missing = Array.from({ length: high - low + 1 }, (_, step) => low + step).filter((number) => !pages.has(number) && !isBehind(number))
  const now = missing.filter((number) => pages.has(number - 1) || pages.has(number + 1))
  return { now, soon: missing.filter((number) => !now.includes(number)) }
}

/** How many rows there are: what was counted, or guessed and then met. */
export function rowCount(pages: Pages): number {
  const first = pages.get(0)
  const met = Math.max(0, ...[...pages].filter(([, page]) => page.rows.length > 0).map(([number, page]) => number * PAGE + page.rows.length))
  const end = [...pages].filter(([, page]) => page.next === null).map(([number, page]) => number * PAGE + page.rows.length)
  const told = first?.count ?? met
  return first?.count_is_estimate || first?.count === null ? Math.max(met, Math.min(told, ...end)) : Math.max(told, met)
}
