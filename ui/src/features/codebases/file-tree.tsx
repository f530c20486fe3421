// Owns the tree of files, searchable, with the number of usages under each folder and file.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { ChevronRight, FileCode } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import type { Codebase, FileEntry } from '@/api/types'
import { SearchField } from '@/components/field'
import { EmptyState, Loaded } from '@/components/states'
import { foldersAbove, treeRows, type TreeRow } from '@/lib/file-tree'
import { count } from '@/lib/format'
import { useListKeys } from '@/lib/list-keys'
import { filesQuery } from './api'

const route = getRouteApi('/shell/p/$project/files')
const ROW = 26

interface RowProps {
  row: TreeRow
  current: boolean
  onToggle: (path: string) => void
}

function TreeItem({ row, current, onToggle }: RowProps) {
  const indent = { paddingLeft: 4 + row.depth * 14 }
  const usages = row.usages > 0 && <span className="end small dim">{count(row.usages)}</span>
  if (row.folder) {
    return (
      <button type="button" data-row className="treerow" style={indent} aria-expanded={row.open} onClick={() => onToggle(row.path)}>
        <ChevronRight className={`i chev ${row.open ? 'open' : ''}`} aria-hidden="true" />
        <span className="cut">{row.name}</span>
        {usages}
      </button>
    )
  }
  return (
    <Link
      data-row
      from="/p/$project/files"
      to="/p/$project/files/$"
      params={(now) => ({ ...now, _splat: row.path })}
      search={(now) => ({ ...now, line: undefined })}
      className={`treerow ${row.status === 'scanned' ? '' : 'off'}`}
      style={indent}
      aria-current={current ? 'page' : undefined}
    >
      <FileCode className="i" aria-hidden="true" />
      <span className="cut">{row.name}</span>
      {usages}
    </Link>
  )
}

function Rows({ files, current, query }: { files: FileEntry[]; current: string | undefined; query: string }) {
  const box = useListKeys<HTMLDivElement>()
  const scroller = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(initiallyOpen(files, current)))
  const rows = useMemo(() => treeRows(files, open, query), [files, open, query])
  const toggle = (path: string) =>
    setOpen((now) => {
      const next = new Set(now)
      if (!next.delete(path)) next.add(path)
      return next
    })
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 20 })
  if (rows.length === 0) return <EmptyState text="No files match this search." />
  return (
    <div ref={scroller} className="treescroll">
      <div ref={box} className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index]
          return (
            row && (
              <div key={row.path} className="absolute inset-x-0" style={{ transform: `translateY(${item.start}px)`, height: ROW }}>
                <TreeItem row={row} current={row.path === current} onToggle={toggle} />
              </div>
            )
          )
        })}
      </div>
    </div>
  )
}

/** The folders of the open file; without one, the folders that lead to the busiest file. */
function initiallyOpen(files: readonly FileEntry[], current: string | undefined): string[] {
  const busiest = files.reduce<FileEntry | null>((best, file) => (file.usage_count > (best?.usage_count ?? 0) ? file : best), null)
  const path = current ?? busiest?.path
  return path ? foldersAbove(path) : []
}

export function FileTree({ codebase, current }: { codebase: Codebase; current: string | undefined }) {
  const { q } = route.useSearch()
  const navigate = route.useNavigate()
  const files = useQuery(filesQuery(codebase.id))
  return (
    <nav className="filetree" aria-label="Files of the codebase">
      <SearchField
        label="Find a file"
        placeholder="Path or name"
        value={q ?? ''}
        onChange={(value) => void navigate({ to: '.', search: (now) => ({ ...now, q: value || undefined }), replace: true })}
      />
      <Loaded query={files} rows={12}>
        {(items) => <Rows files={items} current={current} query={q ?? ''} />}
      </Loaded>
    </nav>
  )
}
