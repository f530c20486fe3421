// Owns the bar above the flow: what is pinned, what is locked, search, depth, grouping and view.
import { getRouteApi } from '@tanstack/react-router'
import { List, Lock as LockIcon, Pin, Search, Waypoints, X } from 'lucide-react'
import type { Codebase } from '@/api/types'
import { Segmented } from '@/components/field'
import { ImpactLink } from '@/components/impact-link'
import type { FlowModel } from '@/lib/flow-model'
import type { Lock } from '@/lib/graph-lock'
import { baseName } from '@/lib/graph-view'
import type { LineageSearch } from '@/lib/search-params'
import { FocusSearch } from './focus-search'

const route = getRouteApi('/shell/p/$project/lineage')

export type PatchLineage = (change: LineageSearch) => void

const DEPTHS = [1, 2, 3].map((value) => ({ value, label: String(value) }))
const VIEWS = [
  { value: 'flow', label: <><Waypoints className="i" aria-hidden="true" />Flow</> },
  { value: 'list', label: <><List className="i" aria-hidden="true" />List</> },
] as const
const GROUPS = [
  { value: 'code', label: 'Files' },
  { value: 'folder', label: 'Folders' },
  { value: 'service', label: 'Services' },
] as const

/** The name of what is pinned. */
export function focusName(search: LineageSearch): string | null {
  if (search.table) return search.column ? `${search.table}.${search.column}` : search.table
  if (search.file) return search.symbol || baseName(search.file)
  if (search.endpoint) return 'an endpoint'
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

/** The path that is locked in the graph; only one at a time. */
export function LockChip({ name, onPin, onRelease }: { name: string; onPin: (() => void) | null; onRelease: () => void }) {
  return (
    <span className="chip lockchip branch">
      <LockIcon className="i" aria-hidden="true" />
      <span className="cut">{name}</span>
      {onPin && (
        <button type="button" className="only" aria-label={`Pin ${name}: show only its path`} title="Show only this path" onClick={onPin}>
          <Pin className="i" aria-hidden="true" />
        </button>
      )}
      <button type="button" aria-label={`Release ${name}`} title="Release (Esc)" onClick={onRelease}>
        <X className="i" aria-hidden="true" />
      </button>
    </span>
  )
}

interface LineageToolbarProps {
  codebase: Codebase
  patch: PatchLineage
  drawn: FlowModel | undefined
  /** What is locked beside what is pinned, and how it is called. */
  locked: { lock: Lock; name: string } | null
  /** How the pinned endpoint is called, once it is known. */
  pinnedName: string | null
  onGo: (lock: Lock) => void
  onPin: (lock: Lock) => void
}

export function LineageToolbar({ codebase, patch, drawn, locked, pinnedName, onGo, onPin }: LineageToolbarProps) {
  const search = route.useSearch()
  const name = pinnedName ?? focusName(search)
  const unpin = () => patch({ table: undefined, column: undefined, file: undefined, symbol: undefined, endpoint: undefined, q: undefined, usage: undefined, at: undefined })
  const impactOf = search.table ? name : null
  return (
    <div className="toolbar">
      <h1>Lineage</h1>
      {name && !search.group && <FocusChip name={name} isSearch={search.q !== undefined} onRemove={unpin} />}
      {locked && <LockChip name={locked.name} onPin={() => onPin(locked.lock)} onRelease={() => patch({ lock: undefined, usage: undefined, at: undefined })} />}
      {impactOf && <ImpactLink of={impactOf} />}
      <FocusSearch codebase={codebase} patch={patch} drawn={drawn} onGo={onGo} />
      <span className="grow hide-p" />
      <span className="hide-p row">
        {!search.group && name && (
          <>
            <span className="small dim" id="depth-label">
              Depth
            </span>
            <Segmented label="Depth" value={search.depth ?? 1} options={DEPTHS} onChange={(depth) => patch({ depth: depth === 1 ? undefined : depth })} />
          </>
        )}
        <Segmented label="Code as" value={search.group ?? 'code'} options={GROUPS} onChange={(group) => patch({ group: group === 'code' ? undefined : group, lock: undefined, usage: undefined, at: undefined })} />
        <Segmented label="View" value={search.view ?? 'flow'} options={VIEWS} onChange={(view) => patch({ view: view === 'flow' ? undefined : view })} />
      </span>
    </div>
  )
}
