// Owns the rows of a list as they are read: pages by cursor, kept for a while, a distant page by offset.
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Cell, RowsPage } from '@/api/types'
import { keep, PAGE, rowCount, wanted, type Pages, type RowRange } from './row-pages'

// How long a distant page must stay in view before it is read, in ms: nothing is read while somebody scrolls past.
const REST = 80
const NONE: Pages = new Map()

/** The rows of a list of something (`of`), read page by page as they come into view. */
export function useRowPages(of: string, key: string, read: (range: RowRange) => Promise<RowsPage>) {
  const queries = useQueryClient()
  const first = useQuery({
    queryKey: ['rows', of, key],
    queryFn: () => read({ limit: PAGE }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    // Not behind the back of somebody who is far down: a first page read anew begins another list.
    refetchOnReconnect: false,
  })
  // What stands behind one first page; read anew, the first page begins another list.
  const [rest, setRest] = useState<{ of: unknown; pages: Pages }>({ of: first.data, pages: NONE })
  const behind = rest.of === first.data ? rest.pages : NONE
  const pages = useMemo(() => (first.data ? new Map(behind).set(0, first.data) : NONE), [first.data, behind])
  const current = useRef(first.data)
  const asked = useRef(new Set<number>())
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    current.current = first.data
    asked.current.clear()
    return () => clearTimeout(waiting.current)
  }, [first.data])

  const load = (number: number) => {
    const begun = first.data
    if (asked.current.has(number) || begun !== current.current) return
    asked.current.add(number)
    const cursor = pages.get(number - 1)?.next
    read({ ...(cursor ? { cursor } : { skip: number * PAGE }), limit: PAGE }).then(
      (page) => {
        if (begun !== current.current) return
        asked.current.delete(number)
        setRest((now) => ({ of: begun, pages: keep(now.of === begun ? now.pages : NONE, number, page) }))
      },
      () => begun === current.current && asked.current.delete(number),
    )
  }
  /** Read what is in view, and what comes next. */
  const show = (from: number, to: number) => {
    clearTimeout(waiting.current)
    if (first.isPlaceholderData || first.data === undefined) return
    const { now, soon } = wanted(pages, from, to)
    now.forEach(load)
    if (soon.length > 0) waiting.current = setTimeout(() => soon.forEach(load), REST)
  }
  const row = (at: number): readonly Cell[] | null => pages.get(Math.floor(at / PAGE))?.rows[at % PAGE] ?? null
  /** Whether a cell came cut, so that it must be read whole before it is edited. */
  const isCut = (at: number, column: number) =>
    pages.get(Math.floor(at / PAGE))?.cut.some(([row, cell]) => row === at % PAGE && cell === column) ?? false
  const reload = () => queries.invalidateQueries({ queryKey: ['rows', of] })
  return { first, row, isCut, show, count: rowCount(pages), reload }
}
