// Owns the lineage page: which columns reach which code, as a flow and as a list, and one usage in detail.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useMemo } from 'react'
import type { Codebase, Graph } from '@/api/types'
import { NeedsScan } from '@/components/needs-scan'
import { usePageTitle } from '@/components/page'
import { EmptyState, Loaded, SkeletonRows } from '@/components/states'
import { count, plural } from '@/lib/format'
import { filterCounts, graphView, type GraphView } from '@/lib/graph-view'
import { shownKinds, shownTiers } from '@/lib/search-params'
import { useNarrow } from '@/lib/use-narrow'
import { graphQuery } from './api'
import { CodeList } from './code-list'
import { LineageContext } from './lineage-context'
import { FilterBar, focusName, LineageToolbar, type PatchLineage } from './lineage-toolbar'
import { focusOf, useChosenUsage } from './use-chosen-usage'
import { UsageDetail } from './usage-detail'

const FlowCanvas = lazy(() => import('./flow-canvas'))

const route = getRouteApi('/shell/p/$project/lineage')

function usePatch(): PatchLineage {
  const navigate = route.useNavigate()
  return (change) => void navigate({ search: (now) => ({ ...now, ...change }) })
}

/** Says openly what the graph leaves out. */
function scopeText(graph: Graph, view: GraphView, focused: boolean): string {
  const shown = `${plural(view.usages, 'usage')} in ${plural(view.files.length, 'file')}`
  const { files, usages } = graph.hidden
  if (files === 0 && usages === 0) return `${shown}.`
  const rest = `${plural(usages, 'more usage')} in ${plural(files, 'file')} not shown`
  return focused ? `${shown}; ${rest}.` : `Most used part: ${shown}; ${rest}. Pin a column to see all of its usages.`
}

function Picture({ graph, patch }: { graph: Graph; patch: PatchLineage }) {
  const search = route.useSearch()
  const narrow = useNarrow()
  const { kinds, tiers } = search
  const view = useMemo(() => graphView(graph, { kinds: shownKinds({ kinds }), tiers: shownTiers({ tiers }) }), [graph, kinds, tiers])
  const name = focusName(search)
  if (view.files.length === 0) {
    const filtered = graph.edges.length > 0
    const text = filtered ? 'No usages match these filters.' : name ? `${name} is not used in this codebase.` : 'The scan found no usages in this codebase.'
    return (
      <div className="canvas">
        <EmptyState text={text}>
          {filtered && (
            <button type="button" className="btn primary" onClick={() => patch({ kinds: undefined, tiers: undefined })}>
              Show all kinds
            </button>
          )}
        </EmptyState>
      </div>
    )
  }
  if (narrow || search.view === 'list') {
    return (
      <div className="canvas list">
        <CodeList view={view} />
      </div>
    )
  }
  return (
    <Suspense fallback={<SkeletonRows rows={6} label="Loading the diagram" />}>
      <FlowCanvas view={view} scope={scopeText(graph, view, name !== null)} />
    </Suspense>
  )
}

/** On a phone the detail stands below the list: bring it up when the reader has picked something. */
function useShowPicked(picked: string | undefined) {
  const narrow = useNarrow()
  useEffect(() => {
    if (narrow && picked) document.querySelector('.detail')?.scrollIntoView({ block: 'start' })
  }, [narrow, picked])
}

function Detail({ chosen, codebase }: { chosen: ReturnType<typeof useChosenUsage>; codebase: Codebase }) {
  useShowPicked(route.useSearch().usage)
  if (chosen.usage) {
    const total = `${count(chosen.total)}${chosen.more ? '+' : ''}`
    return <UsageDetail usage={chosen.usage} index={chosen.index} total={total} codebase={codebase} onStep={chosen.step} />
  }
  return (
    <aside className="detail" aria-label="Usage">
      {chosen.loading ? <SkeletonRows rows={8} /> : <EmptyState text="Select a function, or pin a column, to see the line that uses it." />}
    </aside>
  )
}

function Lineage({ codebase }: { codebase: Codebase }) {
  const search = route.useSearch()
  const patch = usePatch()
  const graph = useQuery(graphQuery(codebase.id, focusOf(search), search.depth ?? 1))
  const chosen = useChosenUsage(codebase.id, search, patch)
  const clear = { file: undefined, symbol: undefined, q: undefined, usage: undefined, at: undefined }
  const actions = {
    lockColumn: (table: string, column: string) => patch({ ...clear, table, column }),
    lockTable: (table: string) => patch({ ...clear, table, column: undefined }),
    lockFile: (file: string) => patch({ ...clear, table: undefined, column: undefined, file }),
    pick: chosen.pick,
    locked: { table: search.table, column: search.column },
    chosen: chosen.usage,
  }
  return (
    <LineageContext value={actions}>
      <div className="tool fill">
        <LineageToolbar codebase={codebase} patch={patch} />
        {graph.data && <FilterBar counts={filterCounts(graph.data)} patch={patch} />}
        <div className="lineage">
          <Loaded query={graph} rows={10}>
            {(data) => <Picture graph={data} patch={patch} />}
          </Loaded>
          {graph.data && <Detail chosen={chosen} codebase={codebase} />}
        </div>
      </div>
    </LineageContext>
  )
}

export function LineagePage() {
  const name = focusName(route.useSearch())
  usePageTitle(name ? `Lineage of ${name}` : 'Lineage')
  return <NeedsScan title="Lineage">{(codebase) => <Lineage key={codebase.id} codebase={codebase} />}</NeedsScan>
}
