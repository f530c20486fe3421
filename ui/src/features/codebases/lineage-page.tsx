// Owns the lineage page: which columns reach which code and endpoints, as a flow and as a list, and one usage in detail.
import { getRouteApi } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import type { Codebase, CodeGroup } from '@/api/types'
import { NeedsScan } from '@/components/needs-scan'
import { usePageTitle } from '@/components/page'
import { EmptyState, Loaded, SkeletonRows } from '@/components/states'
import { count, plural } from '@/lib/format'
import { lockFocus, lockText, type Lock } from '@/lib/graph-lock'
import { filterCounts, symbolKey } from '@/lib/graph-view'
import { useHotkeys } from '@/lib/hotkeys'
import { shownKinds, shownTiers, type LineageSearch } from '@/lib/search-params'
import { useNarrow } from '@/lib/use-narrow'
import type { Jump } from './flow-canvas'
import { FlowList } from './flow-list'
import { LineageContext, type LineageActions } from './lineage-context'
import { FilterBar, NO_FILTERS } from './lineage-filters'
import { groupScopeText, scopeText } from './lineage-scope'
import { focusName, LineageToolbar, type PatchLineage } from './lineage-toolbar'
import { useChosenUsage } from './use-chosen-usage'
import { UsageDetail } from './usage-detail'
import { useLineageGraph, type Drawing } from './use-lineage-graph'

const FlowCanvas = lazy(() => import('./flow-canvas'))

const route = getRouteApi('/shell/p/$project/lineage')

const NO_START: LineageSearch = { table: undefined, column: undefined, file: undefined, symbol: undefined, endpoint: undefined, q: undefined, usage: undefined, at: undefined }

function usePatch(): PatchLineage {
  const navigate = route.useNavigate()
  return (change) => void navigate({ search: (now) => ({ ...now, ...change }) })
}

function Empty({ patch }: { patch: PatchLineage }) {
  const search = route.useSearch()
  const isFiltered = Object.keys(NO_FILTERS).some((name) => search[name as keyof LineageSearch] !== undefined)
  const name = focusName(search)
  const text = isFiltered ? 'No usages match these filters.' : name ? `${name} is not used in this codebase.` : 'The scan found no usages in this codebase.'
  return (
    <div className="canvas">
      <EmptyState text={text}>
        {isFiltered && (
          <button type="button" className="btn primary" onClick={() => patch(NO_FILTERS)}>
            Clear the filters
          </button>
        )}
      </EmptyState>
    </div>
  )
}

/** What can be done about what is not shown. */
function ScopeActions({ rest, showAll, patch }: { rest: number; showAll: () => void; patch: PatchLineage }) {
  const { group } = route.useSearch()
  if (group) {
    if (rest === 0) return null
    return (
      <button type="button" className="link" onClick={showAll}>
        Show {plural(rest, 'more table')}
      </button>
    )
  }
  return (
    <>
      The whole codebase by{' '}
      <button type="button" className="link" onClick={() => patch({ group: 'folder', lock: undefined })}>
        folder
      </button>{' '}
      or{' '}
      <button type="button" className="link" onClick={() => patch({ group: 'service', lock: undefined })}>
        service
      </button>
      .
    </>
  )
}

interface PictureProps {
  drawing: Drawing
  codebase: Codebase
  title: string
  jump: Jump | null
  rest: number
  patch: PatchLineage
  children: ReactNode
}

function Picture({ drawing, codebase, title, jump, rest, patch, children }: PictureProps) {
  const search = route.useSearch()
  const narrow = useNarrow()
  const { model, subject, graph, groups, path } = drawing
  if (model.lines.length === 0) return <Empty patch={patch} />
  const scope = groups ? groupScopeText(groups, rest) : graph ? scopeText(graph, focusName(search) !== null, path?.hidden) : ''
  if (narrow || search.view === 'list') {
    return (
      <div className="canvas list">
        <FlowList model={model} subject={subject} codebase={codebase} scope={scope}>
          {children}
        </FlowList>
      </div>
    )
  }
  return (
    <Suspense fallback={<SkeletonRows rows={6} label="Loading the diagram" />}>
      <FlowCanvas model={model} subject={subject} codebase={codebase} title={title} scope={scope} jump={jump}>
        {children}
      </FlowCanvas>
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
  const search = route.useSearch()
  useShowPicked(search.usage ?? search.at ?? (search.lock?.startsWith('symbol:') ? search.lock : undefined))
  if (chosen.usage) {
    const total = `${count(chosen.total)}${chosen.more ? '+' : ''}`
    return <UsageDetail usage={chosen.usage} index={chosen.index} total={total} codebase={codebase} onStep={chosen.step} />
  }
  return (
    <aside className="detail" aria-label="Usage">
      {chosen.loading ? <SkeletonRows rows={8} /> : <EmptyState text="No line of code uses it with these filters." />}
    </aside>
  )
}

/** The filter that leaves what is in a part of the code; services are told apart within the folder at hand. */
function partOf({ kind, name }: CodeGroup, search: LineageSearch): LineageSearch {
  if (kind === 'file') return { file: name }
  return search.group === 'service' ? { service: name } : { folder: name }
}

function Lineage({ codebase }: { codebase: Codebase }) {
  const search = route.useSearch()
  const patch = usePatch()
  const view = useLineageGraph(codebase)
  const chosen = useChosenUsage(codebase.id, search, patch)
  const [jump, setJump] = useState<Jump | null>(() => (view.locked ? { lock: view.locked.lock } : null))
  const setLock = (lock: Lock | null) => patch({ lock: lock ? lockText(lock) : undefined, usage: undefined, at: undefined })
  useHotkeys(view.locked ? { Escape: () => setLock(null) } : {})
  const actions: LineageActions = {
    toggleLock: (lock) => setLock(view.locked && lockText(view.locked.lock) === lockText(lock) ? null : lock),
    toggleRows: view.toggleRows,
    openGroup: (group) => patch({ ...NO_START, lock: undefined, group: undefined, ...partOf(group, search) }),
    followLine: (line) => {
      if (line.at && line.light !== 'off' && (view.lock?.kind === 'column' || view.lock?.kind === 'table')) patch({ at: symbolKey(line.at.file, line.at.symbol), usage: undefined })
      else if (line.lock) setLock(line.lock)
    },
    lock: view.lock,
    chosen: chosen.usage,
  }
  const go = (lock: Lock) => {
    setLock(lock)
    setJump({ lock })
  }
  const pin = (lock: Lock) => patch({ ...NO_START, lock: undefined, group: undefined, ...lockFocus(lock) })
  // The whole codebase needs the room of the detail, which has nothing to show.
  const isAbout = view.lock !== null || search.q !== undefined
  const totals = view.drawing?.graph?.totals ?? view.drawing?.groups?.totals
  const shown = { kinds: shownKinds(search), tiers: shownTiers(search), language: search.language }
  const title = view.locked || focusName(search) ? `Lineage of ${view.locked?.name ?? view.pinnedName ?? focusName(search)}` : `Lineage of ${codebase.name}`
  return (
    <LineageContext value={actions}>
      <div className="tool fill">
        <LineageToolbar codebase={codebase} patch={patch} drawn={view.drawing?.whole} locked={view.locked} pinnedName={view.pinnedName} onGo={go} onPin={pin} />
        {totals && <FilterBar counts={filterCounts(totals, shown)} codebase={codebase} patch={patch} />}
        <div className={`lineage ${isAbout ? '' : 'whole'}`}>
          <Loaded query={{ ...view.query, data: view.drawing ?? undefined }} rows={10}>
            {(drawing) => (
              <Picture drawing={drawing} codebase={codebase} title={title} jump={jump} rest={view.rest} patch={patch}>
                <ScopeActions rest={view.rest} showAll={view.showAll} patch={patch} />
              </Picture>
            )}
          </Loaded>
          {view.drawing && isAbout && <Detail chosen={chosen} codebase={codebase} />}
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
