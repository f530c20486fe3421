// Owns the filters of the lineage page, each with its number of usages: kind, confidence, language, folder, service.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Folder, Package, X } from 'lucide-react'
import { useId, useMemo, useState } from 'react'
import type { Codebase, Tier, UsageKind } from '@/api/types'
import { KindLetter } from '@/components/marks'
import { count } from '@/lib/format'
import type { FilterCounts } from '@/lib/graph-view'
import { shownKinds, shownTiers } from '@/lib/search-params'
import { KINDS, languageName, TIERS } from '@/lib/usage-kinds'
import { filesQuery } from './api'
import type { PatchLineage } from './lineage-toolbar'

const route = getRouteApi('/shell/p/$project/lineage')

/** The chosen set after one of its members is clicked: all -> only it; more than one -> with or without it. */
export function toggled<T extends string>(now: ReadonlySet<T>, all: readonly T[], one: T): string | undefined {
  const next = now.size === all.length ? new Set([one]) : new Set(now)
  if (now.size !== all.length && !next.delete(one)) next.add(one)
  return next.size === 0 || next.size === all.length ? undefined : all.filter((value) => next.has(value)).join(',')
}

/** The folders of files, each once, in order. */
export function foldersOf(paths: readonly string[]): string[] {
  const folders = new Set<string>()
  for (const path of paths) {
    const parts = path.split('/').slice(0, -1)
    parts.forEach((_, index) => folders.add(parts.slice(0, index + 1).join('/')))
  }
  return [...folders].sort()
}

/** A field for a folder, which offers those with usages once it is entered. */
function FolderField({ codebase, onChange }: { codebase: Codebase; onChange: (folder: string) => void }) {
  const id = useId()
  const [entered, setEntered] = useState(false)
  const [typed, setTyped] = useState('')
  const files = useQuery({ ...filesQuery(codebase.id), enabled: entered }).data
  const folders = useMemo(() => foldersOf((files ?? []).filter((file) => file.usage_count > 0).map((file) => file.path)), [files])
  const submit = (folder: string) => {
    const wanted = folder.trim().replace(/^\/+|\/+$/g, '')
    if (wanted) onChange(wanted)
  }
  return (
    <form
      className="folderfield"
      onSubmit={(event) => {
        event.preventDefault()
        submit(typed)
      }}
    >
      <label className="field">
        <Folder className="i" aria-hidden="true" />
        <span className="sr">Folder</span>
        <input
          list={id}
          placeholder="Folder"
          value={typed}
          onFocus={() => setEntered(true)}
          onChange={(event) => {
            setTyped(event.target.value)
            if (folders.includes(event.target.value) && !(event.nativeEvent as InputEvent).inputType?.startsWith('insertText')) submit(event.target.value)
          }}
        />
      </label>
      <datalist id={id}>
        {folders.map((folder) => (
          <option key={folder} value={folder} />
        ))}
      </datalist>
    </form>
  )
}

function PartChip({ kind, name, onRemove }: { kind: 'folder' | 'service'; name: string; onRemove: () => void }) {
  const Icon = kind === 'folder' ? Folder : Package
  return (
    <span className="chip lockchip branch" title={name}>
      <Icon className="i" aria-hidden="true" />
      <span className="cut">{name}</span>
      <button type="button" aria-label={`Leave ${kind} ${name}`} onClick={onRemove}>
        <X className="i" aria-hidden="true" />
      </button>
    </span>
  )
}

export const NO_FILTERS = { kinds: undefined, tiers: undefined, language: undefined, folder: undefined, service: undefined }

export function FilterBar({ counts, codebase, patch: patchAll }: { counts: FilterCounts; codebase: Codebase; patch: PatchLineage }) {
  const search = route.useSearch()
  // What was chosen in detail may not pass the new filter.
  const patch: PatchLineage = (change) => patchAll({ ...change, usage: undefined, at: undefined })
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
      <span className="parts">
        <label className="field language">
          <span className="sr">Language</span>
          <select value={search.language ?? ''} onChange={(event) => patch({ language: event.target.value || undefined })}>
            <option value="">All languages</option>
            {search.language && !counts.languages.some(([name]) => name === search.language) && <option value={search.language}>{languageName(search.language)} 0</option>}
            {counts.languages.map(([name, number]) => (
              <option key={name} value={name}>
                {languageName(name)} {count(number)}
              </option>
            ))}
          </select>
        </label>
        {search.service && <PartChip kind="service" name={search.service} onRemove={() => patch({ service: undefined })} />}
        {search.folder ? <PartChip kind="folder" name={search.folder} onRemove={() => patch({ folder: undefined })} /> : <FolderField codebase={codebase} onChange={(folder) => patch({ folder })} />}
      </span>
    </div>
  )
}
