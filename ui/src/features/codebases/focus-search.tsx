// Owns the search of the lineage page: it goes to what is in the graph; Enter pins what has exactly this name, or searches names.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { FileCode, LocateFixed, Search, Table2 } from 'lucide-react'
import { useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { Codebase } from '@/api/types'
import { SearchField } from '@/components/field'
import { TypeGlyph } from '@/components/marks'
import { withErrorToast } from '@/lib/download'
import type { FlowModel } from '@/lib/flow-model'
import { lockText, type Lock } from '@/lib/graph-lock'
import { baseName } from '@/lib/graph-view'
import type { LineageSearch } from '@/lib/search-params'
import { columnSummariesQuery, filesQuery } from './api'
import type { PatchLineage } from './lineage-toolbar'

const SHOWN = 5

const NOTHING: LineageSearch = { table: undefined, column: undefined, file: undefined, symbol: undefined, endpoint: undefined, q: undefined, usage: undefined, at: undefined, lock: undefined, group: undefined }

export interface Target {
  lock: Lock
  name: string
  note: string
}

/** What the drawing has that can be gone to, those whose name begins so first. */
export function targetsIn(model: FlowModel | undefined, typed: string): Target[] {
  const wanted = typed.trim().toLowerCase()
  if (!wanted || !model) return []
  const boxes = model.boxes.flatMap((box): Target[] => (box.lock ? [{ lock: box.lock, name: box.name, note: box.kind }] : []))
  const rows = model.boxes.flatMap((box) => box.rows.map((row): Target => ({ lock: row.lock, name: row.lock.kind === 'column' ? `${box.name}.${row.name}` : row.name, note: row.lock.kind === 'symbol' ? baseName(box.name) : row.lock.kind })))
  const matching = [...boxes, ...rows].filter((target) => target.name.toLowerCase().includes(wanted))
  const rank = (target: Target) => (target.name.toLowerCase().startsWith(wanted) ? 0 : 1)
  return matching.sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN)
}

function useSuggestions(codebase: string, typed: string) {
  const wanted = typed.trim().toLowerCase()
  const enabled = wanted !== ''
  const columns = useQuery({ ...columnSummariesQuery(codebase), enabled }).data
  const files = useQuery({ ...filesQuery(codebase), enabled }).data
  return useMemo(() => {
    if (!wanted) return null
    const tables = [...new Set((columns ?? []).map((column) => column.table_name))]
    return {
      columns: (columns ?? []).filter((column) => `${column.table_name}.${column.column_name}`.toLowerCase().includes(wanted)).slice(0, SHOWN),
      tables: tables.filter((table) => table.toLowerCase().includes(wanted)).slice(0, 3),
      files: (files ?? []).filter((file) => file.usage_count > 0 && file.path.toLowerCase().includes(wanted)).slice(0, SHOWN),
    }
  }, [columns, files, wanted])
}

/** Returns what the search asks for: the column, table or file of exactly this name, or else all names that contain it. */
function useTarget(codebase: string): (name: string) => Promise<LineageSearch> {
  const queries = useQueryClient()
  return async (name) => {
    const wanted = name.toLowerCase()
    const columns = await queries.ensureQueryData(columnSummariesQuery(codebase))
    const column = columns.find((item) => `${item.table_name}.${item.column_name}`.toLowerCase() === wanted)
    if (column) return { table: column.table_name, column: column.column_name }
    const table = columns.find((item) => item.table_name.toLowerCase() === wanted)
    if (table) return { table: table.table_name }
    const files = await queries.ensureQueryData(filesQuery(codebase))
    const file = files.find((item) => item.path.toLowerCase() === wanted)
    return file ? { file: file.path } : { q: name }
  }
}

/** Arrow keys walk through the suggestions. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('button')]
  const next = items.indexOf(document.activeElement as HTMLElement) + (event.key === 'ArrowDown' ? 1 : -1)
  event.preventDefault()
  items[Math.min(items.length - 1, Math.max(0, next))]?.focus()
}

function Targets({ targets, onGo }: { targets: readonly Target[]; onGo: (lock: Lock) => void }) {
  if (targets.length === 0) return null
  return (
    <div role="group" aria-label="In this graph">
      <p className="menulabel">In this graph</p>
      {targets.map((target) => (
        <button key={lockText(target.lock)} type="button" onClick={() => onGo(target.lock)}>
          <LocateFixed className="i" aria-hidden="true" />
          <code className="cut grow">{target.name}</code>
          <span className="small dim cut">{target.note}</span>
        </button>
      ))}
    </div>
  )
}

interface FocusSearchProps {
  codebase: Codebase
  patch: PatchLineage
  /** What is drawn with all of its rows. */
  drawn?: FlowModel | undefined
  /** Locks something that is drawn and brings it into view. */
  onGo?: (lock: Lock) => void
}

export function FocusSearch({ codebase, patch, drawn, onGo }: FocusSearchProps) {
  const [typed, setTyped] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const found = useSuggestions(codebase.id, typed)
  const targets = useMemo(() => targetsIn(drawn, typed), [drawn, typed])
  const target = useTarget(codebase.id)
  const lock = (change: Parameters<PatchLineage>[0]) => {
    setTyped('')
    patch({ ...NOTHING, ...change })
  }
  return (
    <form
      className="focus-search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        const name = typed.trim()
        if (name) void withErrorToast(async () => lock(await target(name)))
      }}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setTyped('')
      }}
    >
      <SearchField
        label="Find in lineage"
        placeholder="Table, column, file or function"
        value={typed}
        onChange={setTyped}
        onDown={() => box.current?.querySelector('button')?.focus()}
      />
      {found && (
        <div ref={box} className="suggest" onKeyDown={walk}>
          <Targets
            targets={targets}
            onGo={(lock) => {
              setTyped('')
              onGo?.(lock)
            }}
          />
          {targets.length > 0 && <p className="menulabel">Pin</p>}
          {found.columns.map((column) => (
            <button key={column.column_id} type="button" onClick={() => lock({ table: column.table_name, column: column.column_name })}>
              <TypeGlyph type={column.type} primaryKey={column.primary_key} />
              <code className="cut grow">
                <span className="dim">{column.table_name}.</span>
                {column.column_name}
              </code>
              <span className="small dim">{column.total}</span>
            </button>
          ))}
          {found.tables.map((table) => (
            <button key={table} type="button" onClick={() => lock({ table })}>
              <Table2 className="i" aria-hidden="true" />
              <code className="cut grow">{table}</code>
            </button>
          ))}
          {found.files.map((file) => (
            <button key={file.path} type="button" onClick={() => lock({ file: file.path })}>
              <FileCode className="i" aria-hidden="true" />
              <code className="cut grow">{file.path}</code>
              <span className="small dim">{file.usage_count}</span>
            </button>
          ))}
          <button type="button" onClick={() => lock({ q: typed.trim() })}>
            <Search className="i" aria-hidden="true" />
            <span className="cut grow">All names that contain “{typed.trim()}”</span>
          </button>
        </div>
      )}
    </form>
  )
}
