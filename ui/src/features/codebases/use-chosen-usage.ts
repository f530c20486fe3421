// Owns which usage is shown in detail: named in the URL, else the first of what is locked; and stepping on from it.
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import type { Usage } from '@/api/types'
import { withErrorToast } from '@/lib/download'
import { symbolKey } from '@/lib/graph-view'
import { shownKinds, shownTiers, type LineageSearch } from '@/lib/search-params'
import { usagesQuery, type Focus } from './api'
import type { Pick } from './lineage-context'

/** The part of the search that the server is asked about. */
export function focusOf({ table, column, file, symbol, q }: LineageSearch): Focus {
  return { table, column, file, symbol, q }
}

/** "app/x.py::register" -> the file and function that were picked outside of what is locked. */
function pickedPlace(at: string): Focus {
  const cut = at.lastIndexOf('::')
  return { file: at.slice(0, cut), symbol: at.slice(cut + 2) || undefined }
}

const fits = (usage: Usage, pick: Pick) =>
  usage.file_path === pick.file && (usage.symbol ?? '') === (pick.symbol ?? '') && (!pick.columnId || usage.column_id === pick.columnId)

/** Pages read without being asked for, so that "9 of 38" tells the whole. */
const EAGER_PAGES = 10

export function useChosenUsage(codebase: string, search: LineageSearch, patch: (change: LineageSearch) => void) {
  const queries = useQueryClient()
  const focus = search.at ? pickedPlace(search.at) : focusOf(search)
  const focused = Object.values(focus).some(Boolean)
  const list = useInfiniteQuery({ ...usagesQuery(codebase, focus), enabled: focused })
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list
  const pages = list.data?.pages.length ?? 0
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && pages < EAGER_PAGES) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, pages])
  const { kinds, tiers } = search
  const usages = useMemo(() => {
    const [wantedKinds, wantedTiers] = [shownKinds({ kinds }), shownTiers({ tiers })]
    const all = list.data?.pages.flatMap((page) => page.usages) ?? []
    return all.filter((usage) => wantedKinds.has(usage.usage_type) && wantedTiers.has(usage.tier))
  }, [list.data, kinds, tiers])
  const named = usages.findIndex((usage) => usage.id === search.usage)
  const index = Math.max(0, named)
  const usage = focused ? (usages[index] ?? null) : null

  const step = (by: 1 | -1) => {
    const next = index + by
    if (next >= usages.length && list.hasNextPage) return void list.fetchNextPage()
    const target = usages[(next + usages.length) % usages.length]
    if (target) patch({ usage: target.id })
  }

  const pick = (wanted: Pick) => {
    const known = usages.find((one) => fits(one, wanted))
    if (known) return patch({ usage: known.id })
    const at = symbolKey(wanted.file, wanted.symbol ?? '')
    void withErrorToast(async () => {
      const data = await queries.fetchInfiniteQuery(usagesQuery(codebase, pickedPlace(at)))
      const found = data.pages.flatMap((page) => page.usages).find((one) => fits(one, wanted))
      patch({ at, usage: found?.id })
    })
  }

  return { usage, index, total: usages.length, more: list.hasNextPage, loading: focused && list.isPending, step, pick }
}
