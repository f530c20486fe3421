// Owns the two bars above the flow: lock, search, depth and view; then kinds and confidence with their counts.
import { getRouteApi } from '@tanstack/react-router'
import { List, Pin, Search, Waypoints, X } from 'lucide-react'
import type { Codebase, Tier, UsageKind } from '@/api/types'
import { Segmented } from '@/components/field'
import { ImpactLink } from '@/components/impact-link'
import { KindLetter } from '@/components/marks'
import { count } from '@/lib/format'
import type { FilterCounts } from '@/lib/graph-view'
import { shownKinds, shownTiers, type LineageSearch } from '@/lib/search-params'
import { KINDS, TIERS } from '@/lib/usage-kinds'
import { FocusSearch } from './focus-search'

const route = getRouteApi('/shell/p/$project/lineage')

export type PatchLineage = (change: LineageSearch) => void

const DEPTHS = [1, 2, 3].map((value) => ({ value, label: String(value) }))
const VIEWS = [
  { value: 'flow', label: <><Waypoints className="i" aria-hidden="true" />Flow</> },
  { value: 'list', label: <><List className="i" aria-hidden="true" />List</> },
] as const

/** The name of what is pinned. */
export function focusName(search: LineageSearch): string | null {
  if (search.table) return search.column ? `${search.table}.${search.column}` : search.table
  if (search.file) return search.file.slice(search.file.lastIndexOf('/') + 1)
  return search.q ?? null
}

/** What the page is about: something pinned, or, unlike it, all names that contain a text. */
export function FocusChip({ name, isSearch, onRemove }: { name: string; isSearch: boolean; onRemove: () => void }) {
  const Icon = isSearch ? Search : Pin
  return (
    <span className={`chip lockchip ${isSearch ? '' : 'branch'}`}>
      <Icon className="i" aria-hidden="true" />
      <span className="cut">{isSearch ? `names with “${name}”` : name}</span>
      <button type="button" aria-label={isSearch ? `Clear the search for ${name}` : `Unpin ${name}`} onClick={onRemove}>
        <X className="i" aria-hidden="true" />
      </button>
    </span>
  )
}

export function LineageToolbar({ codebase, patch }: { codebase: Codebase; patch: PatchLineage }) {
  const search = route.useSearch()
  const name = focusName(search)
  const unlock = () => patch({ table: undefined, column: undefined, file: undefined, symbol: undefined, q: undefined, usage: undefined, at: undefined })
  return (
    <div className="toolbar">
      <h1>Lineage</h1>
      {name && <FocusChip name={name} isSearch={search.q !== undefined} onRemove={unlock} />}
      {name && search.table && <ImpactLink of={name} />}
      <FocusSearch codebase={codebase} patch={patch} />
      <span className="grow hide-p" />
      <span className="hide-p row">
        <span className="small dim" id="depth-label">
          Depth
        </span>
        <Segmented label="Depth" value={search.depth ?? 1} options={DEPTHS} onChange={(depth) => patch({ depth: depth === 1 ? undefined : depth })} />
        <Segmented label="View" value={search.view ?? 'flow'} options={VIEWS} onChange={(view) => patch({ view: view === 'flow' ? undefined : view })} />
      </span>
    </div>
  )
}

/** The chosen set after one of its members is clicked: all -> only it; more than one -> with or without it. */
export function toggled<T extends string>(now: ReadonlySet<T>, all: readonly T[], one: T): string | undefined {
  const next = now.size === all.length ? new Set([one]) : new Set(now)
  if (now.size !== all.length && !next.delete(one)) next.add(one)
  return next.size === 0 || next.size === all.length ? undefined : all.filter((value) => next.has(value)).join(',')
}

export function FilterBar({ counts, patch }: { counts: FilterCounts; patch: PatchLineage }) {
  const search = route.useSearch()
  const [kinds, tiers] = [shownKinds(search), shownTiers(search)]
  const allKinds = kinds.size === KINDS.length && tiers.size === TIERS.length
  const toggleKind = (kind: UsageKind) => patch({ kinds: toggled(kinds, KINDS.map((info) => info.kind), kind) })
  const toggleTier = (tier: Tier) => patch({ tiers: toggled(tiers, TIERS.map((info) => info.tier), tier) })
  return (
    <div className="toolbar kinds" role="group" aria-label="Filters">
      <button type="button" className={`kchip ${allKinds ? 'all' : ''}`} aria-pressed={allKinds} onClick={() => patch({ kinds: undefined, tiers: undefined })}>
        All<span>{count(counts.all)}</span>
      </button>
      {KINDS.map(({ kind, label }) => (
        <button key={kind} type="button" className="kchip" aria-pressed={kinds.has(kind)} disabled={counts.kinds[kind] === 0} onClick={() => toggleKind(kind)}>
          <KindLetter kind={kind} />
          {label}
          <span>{count(counts.kinds[kind])}</span>
        </button>
      ))}
      <span className="vr" />
      {TIERS.map(({ tier, label }) => (
        <button key={tier} type="button" className="kchip" aria-pressed={tiers.has(tier)} disabled={counts.tiers[tier] === 0} onClick={() => toggleTier(tier)}>
          {label}
          <span>{count(counts.tiers[tier])}</span>
        </button>
      ))}
    </div>
  )
}
