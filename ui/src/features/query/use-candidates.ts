// Owns the rows that a foreign key may refer to: page by page as they stand in the table, or those that fit what is typed.
import { keepPreviousData, useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Cell, RowFilter } from '@/api/types'
import { candidatesOf, exactly, merged, searches, type Candidate, type Target } from '@/lib/references'
import { readRows } from './api'

export const PAGE = 50
const PAUSE = 120

/** What was typed, once the typing has paused. */
function usePaused(text: string): string {
  const [paused, setPaused] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), text === '' ? 0 : PAUSE)
    return () => clearTimeout(timer)
  }, [text])
  return paused
}

export interface Candidates {
  list: readonly Candidate[]
  /** The row that is referred to now, where there is one. */
  now: Candidate | null
  searching: boolean
  error: unknown
  /** More rows than are listed: they can be fetched, or the search has to say more. */
  more: 'fetch' | 'narrow' | null
  fetchMore: () => void
}

export function useCandidates(database: string, target: Target, typed: string, current: readonly Cell[]): Candidates {
  const { name, schema = null } = target.relation
  const text = usePaused(typed).trim()
  const read = async (filters: RowFilter[], cursor: string | null, signal: AbortSignal) => {
    const sort = target.refColumns.map((column) => ({ column, descending: false }))
    const page = await readRows(database, { table: name, schema, filters, sort, cursor, limit: PAGE, counts: false }, signal)
    return { list: candidatesOf(target, page.columns, page.rows), next: page.next }
  }
  const key = ['references', database, schema, name, target.refColumns]
  const kept = { staleTime: 30_000, retry: false } as const
  const all = useInfiniteQuery({
    queryKey: [...key, 'all'],
    queryFn: ({ pageParam, signal }) => read([], pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled: text === '',
    ...kept,
  })
  const points = current.every((cell) => cell !== null)
  const now = useQuery({ queryKey: [...key, 'now', current], queryFn: ({ signal }) => read(exactly(target, current), null, signal), enabled: points, ...kept })
  const found = useQueries({
    queries: searches(target, text).map((filters) => ({
      queryKey: [...key, 'found', filters],
      queryFn: ({ signal }: { signal: AbortSignal }) => read(filters, null, signal),
      placeholderData: keepPreviousData,
      ...kept,
    })),
  })
  const referred = points ? (now.data?.list[0] ?? null) : null
  if (text === '') {
    const pages = all.data?.pages.map((page) => page.list) ?? []
    return {
      list: merged([referred ? [referred] : [], ...pages]),
      now: referred,
      searching: typed.trim() !== '' || all.isPending,
      error: all.error,
      more: all.hasNextPage ? 'fetch' : null,
      fetchMore: () => void (all.hasNextPage && !all.isFetchingNextPage && all.fetchNextPage()),
    }
  }
  return {
    list: merged(found.map((one) => one.data?.list ?? [])),
    now: referred,
    searching: text !== typed.trim() || found.some((one) => one.isFetching),
    // One question may be refused, as a word is by a column of numbers: only when all are, there is something to say.
    error: found.every((one) => one.error) ? found[0]?.error : null,
    more: found.some((one) => one.data?.next) ? 'narrow' : null,
    fetchMore: () => undefined,
  }
}
