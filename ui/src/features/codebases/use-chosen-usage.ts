// Owns which usage is shown in detail: named in the URL, else the first of what is locked or pinned; and stepping on from it.
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import type { Usage } from '@/api/types'
import { isSameLock, lockFocus, lockOf, type Lock } from '@/lib/graph-lock'
import { symbolKey } from '@/lib/graph-view'
import { shownKinds, shownTiers, type LineageSearch } from '@/lib/search-params'
import { KINDS, TIERS } from '@/lib/usage-kinds'
import { usagesQuery, type Focus } from './api'

/** What the graph starts from. */
export const startOf = ({ table, column, file, symbol, q, endpoint }: LineageSearch): Focus => ({ table, column, file, symbol, q, endpoint })

/** What of it is selected. */
export function filtersOf(search: LineageSearch): Focus {
  const [kinds, tiers] = [shownKinds(search), shownTiers(search)]
  const { language, folder, service } = search
  return {
    usage_type: kinds.size === KINDS.length ? undefined : [...kinds],
    tier: tiers.size === TIERS.length ? undefined : [...tiers],
    language,
    folder,
    service,
  }
}

/** The lock that a graph that starts from one thing has by itself. */
export function startLock({ table, column, file, symbol, endpoint }: LineageSearch): Lock | null {
  if (table) return column ? { kind: 'column', table, column } : { kind: 'table', table }
  if (file) return symbol === undefined ? { kind: 'file', file } : { kind: 'symbol', file, symbol }
  return endpoint ? { kind: 'endpoint', endpoint } : null
}

/** The lock in the URL, unless the graph has it by itself. */
export function ownLock(search: LineageSearch): Lock | null {
  const lock = lockOf(search.lock)
  return isSameLock(lock, startLock(search)) ? null : lock
}

/** Pages read without being asked for, so that "9 of 38" tells the whole. */
const EAGER_PAGES = 10

/** The usage named by its id, else the first at the function that was picked, else the first of the pinned column. */
export function chosenIndex(usages: readonly Usage[], search: LineageSearch): number {
  const named = usages.findIndex((usage) => usage.id === search.usage)
  if (named >= 0) return named
  const picked = search.at ? usages.findIndex((usage) => symbolKey(usage.file_path, usage.symbol ?? '') === search.at) : -1
  if (picked >= 0) return picked
  return Math.max(0, usages.findIndex((usage) => usage.table_name === search.table && (!search.column || usage.column_name === search.column)))
}

export function useChosenUsage(codebase: string, search: LineageSearch, patch: (change: LineageSearch) => void) {
  const lock = ownLock(search)
  const about: Focus = lock ? lockFocus(lock) : startOf(search)
  const focused = Object.values(about).some((value) => value !== undefined)
  const list = useInfiniteQuery({ ...usagesQuery(codebase, { ...about, ...filtersOf(search) }), enabled: focused })
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list
  const pages = list.data?.pages.length ?? 0
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && pages < EAGER_PAGES) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, pages])
  const usages = useMemo(() => list.data?.pages.flatMap((page) => page.usages) ?? [], [list.data])
  const index = chosenIndex(usages, search)
  const step = (by: 1 | -1) => {
    const next = index + by
    if (next >= usages.length && list.hasNextPage) return void list.fetchNextPage()
    const target = usages[(next + usages.length) % usages.length]
    if (target) patch({ usage: target.id })
  }
  return { usage: focused ? (usages[index] ?? null) : null, index, total: usages.length, more: list.hasNextPage, loading: focused && list.isPending, step }
}
