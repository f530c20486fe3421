// Owns what the lineage page draws: the graph around what is pinned with the path of what is locked, or the whole in groups.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { Codebase, Graph, GroupGraph } from '@/api/types'
import { flowModel, tableId, type FlowModel } from '@/lib/flow-model'
import { lockFocus, lockName, pathOf, type Lock } from '@/lib/graph-lock'
import { merged } from '@/lib/graph-view'
import { groupModel, TABLES_FIRST } from '@/lib/group-model'
import type { LineageSearch } from '@/lib/search-params'
import { graphQuery, groupGraphQuery } from './api'
import { filtersOf, ownLock, startLock, startOf } from './use-chosen-usage'

const route = getRouteApi('/shell/p/$project/lineage')

/** A drawing and the answer of the server that it is of: only another answer is laid out anew. */
export interface Drawing {
  model: FlowModel
  /** The same with all rows of all boxes, for the search. */
  whole: FlowModel
  subject: object
  graph: Graph | null
  /** The answer about what is locked, which is drawn, too. */
  path: Graph | null
  groups: GroupGraph | null
}

function useGraphs(codebase: string, search: LineageSearch, own: Lock | null) {
  const filters = filtersOf(search)
  const graph = useQuery({ ...graphQuery(codebase, { ...startOf(search), ...filters }, search.depth ?? 1), enabled: !search.group })
  const path = useQuery({ ...graphQuery(codebase, { ...(own ? lockFocus(own) : {}), ...filters }, 1), enabled: own !== null && !search.group })
  const groups = useQuery({ ...groupGraphQuery(codebase, filters, search.group ?? 'folder'), enabled: search.group !== undefined })
  return { graph, path, groups }
}

/** Which boxes show all of their rows; the table that is pinned does from the start. */
function useExpanded(search: LineageSearch) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set())
  const toggle = (id: string) =>
    setToggled((before) => {
      const next = new Set(before)
      if (!next.delete(id)) next.add(id)
      return next
    })
  const pinned = search.table && !search.column ? tableId(search.table) : null
  const expanded = useMemo(() => {
    const ids = new Set(toggled)
    if (pinned !== null && !ids.delete(pinned)) ids.add(pinned)
    return ids
  }, [toggled, pinned])
  return { expanded, toggle }
}

function everyBox(model: FlowModel): ReadonlySet<string> {
  return new Set(model.boxes.map((box) => box.id))
}

export function useLineageGraph(codebase: Codebase) {
  const search = route.useSearch()
  const own = ownLock(search)
  const [most, setMost] = useState(TABLES_FIRST)
  const { expanded, toggle } = useExpanded(search)
  const { graph, path, groups } = useGraphs(codebase.id, search, own)
  const [data, pathData, groupData] = [graph.data, own ? path.data : undefined, groups.data]
  const start = startLock(search)
  const lockKey = JSON.stringify(own ?? start)
  // More tables are another drawing, although the answer is the same.
  const groupSubject = useMemo(() => ({ groupData, most }), [groupData, most])
  const drawing = useMemo((): Drawing | null => {
    const lock = JSON.parse(lockKey) as Lock | null
    if (search.group) {
      if (!groupData) return null
      const model = groupModel(groupData, lock, most)
      return { model, whole: model, subject: groupSubject, graph: null, path: null, groups: groupData }
    }
    if (!data) return null
    const all = pathData ? merged(data, pathData) : data
    const locked = { lock, path: lock && pathOf(all, lock) }
    const model = flowModel(all, locked, expanded)
    return { model, whole: flowModel(all, { lock: null, path: null }, everyBox(model)), subject: data, graph: all, path: pathData ?? null, groups: null }
  }, [search.group, groupData, groupSubject, most, data, pathData, lockKey, expanded])
  return {
    query: search.group ? groups : graph,
    drawing,
    /** What is locked beside what is pinned. */
    locked: own && { lock: own, name: lockName(own, drawing?.graph ?? undefined) },
    lock: own ?? start,
    pinnedName: start?.kind === 'endpoint' ? lockName(start, drawing?.graph ?? undefined) : null,
    toggleRows: toggle,
    /** The tables that are not drawn yet. */
    rest: groupData ? Math.max(0, groupData.tables.length - most) : 0,
    showAll: () => setMost(Infinity),
  }
}

