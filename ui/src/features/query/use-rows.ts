// Owns the rows of a table as they are read: pages of 200 by key, kept for a while, a far jump by counting off.
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Cell, RowFilter, RowSort, RowsPage } from '@/api/types'
import { readRows } from './api'

export const PAGE = 200
const KEPT = 50

interface Wanted {
  database: string
  table: string
  schema: string | null
  filters: RowFilter[]
  sort: RowSort[]
}

export function useRows({ database, ...wanted }: Wanted) {
  const key = JSON.stringify([database, wanted])
  const queries = useQueryClient()
  const first = useQuery({
    queryKey: ['rows', database, key],
    queryFn: () => readRows(database, { ...wanted, limit: PAGE }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  })
  const [pages, setPages] = useState<{ key: string; byNumber: ReadonlyMap<number, RowsPage> }>({ key, byNumber: new Map() })
  const asked = useRef(new Set<string>())
  const byNumber = pages.key === key ? pages.byNumber : new Map<number, RowsPage>()

  useEffect(() => {
    asked.current.clear()
  }, [key, first.dataUpdatedAt])

  const load = useCallback(
    (number: number) => {
      const mark = `${key}#${number}`
      if (number === 0 || asked.current.has(mark)) return
      asked.current.add(mark)
      const before = number === 1 ? first.data : byNumber.get(number - 1)
      const place = before?.next ? { cursor: before.next } : { skip: number * PAGE }
      readRows(database, { ...wanted, ...place, limit: PAGE }).then(
        (page) =>
          setPages((now) => {
            const next = new Map(now.key === key ? now.byNumber : [])
            next.set(number, page)
            for (const old of next.keys()) {
              if (next.size <= KEPT) break
              if (Math.abs(old - number) > KEPT / 2) {
                next.delete(old)
                asked.current.delete(`${key}#${old}`)
              }
            }
            return { key, byNumber: next }
          }),
        () => asked.current.delete(mark),
      )
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `wanted` is what `key` spells
    [key, first.data, pages],
  )
  const row = (at: number): readonly Cell[] | null => {
    const number = Math.floor(at / PAGE)
    const page = number === 0 ? first.data : byNumber.get(number)
    if (page) return page.rows[at % PAGE] ?? null
    queueMicrotask(() => load(number))
    return null
  }
  const loaded = (first.data?.rows.length ?? 0) + [...byNumber.values()].reduce((sum, page) => sum + page.rows.length, 0)
  const count = first.data?.count ?? loaded
  const reload = async () => {
    setPages({ key, byNumber: new Map() })
    await queries.invalidateQueries({ queryKey: ['rows', database] })
  }
  return { first, row, count: Math.max(count, loaded), reload }
}
