// Owns the tree of keys: groups by what stands between colons, each key with the badge of its type.
import { ChevronRight } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { Entry } from '@/api/types'
import { count } from '@/lib/format'
import { keyRows } from '@/lib/key-tree'
import { TypeBadge } from './type-badge'

interface TreeProps {
  keys: readonly Entry[]
  current: string | undefined
  openAll: boolean
  onOpen: (key: string) => void
  empty: string
}

export function KeyTree({ keys, current, openAll, onOpen, empty }: TreeProps) {
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set())
  // SCAN may give a key twice.
  const unique = useMemo(() => [...new Map(keys.map((key) => [key.id, key])).values()], [keys])
  const rows = useMemo(
    () => keyRows(unique, (path) => turned.has(path) !== (openAll || (current?.startsWith(path) ?? false))),
    [unique, turned, openAll, current],
  )
  const turn = (path: string) => {
    const next = new Set(turned)
    if (!next.delete(path)) next.add(path)
    setTurned(next)
  }
  if (rows.length === 0) return <p className="dim p-2 grow">{empty}</p>
  return (
    <ul className="treescroll" aria-label="Keys">
      {rows.map((row) => (
        <li key={`${row.keys === null ? 'key' : 'group'} ${row.path}`}>
          {row.keys === null ? (
            <button
              type="button"
              className="treerow"
              style={{ paddingLeft: 8 + row.depth * 12 }}
              aria-current={row.path === current ? 'page' : undefined}
              title={row.path}
              onClick={() => onOpen(row.path)}
            >
              <TypeBadge type={row.type} />
              <span className="cut grow mono">{row.name || '(empty)'}</span>
            </button>
          ) : (
            <button type="button" className="treerow" style={{ paddingLeft: 8 + row.depth * 12 }} aria-expanded={row.open} title={row.path} onClick={() => turn(row.path)}>
              <ChevronRight className={`i chev ${row.open ? 'open' : ''}`} aria-hidden="true" />
              <span className="cut grow mono">{row.name || '(empty)'}</span>
              <span className="dim small">{count(row.keys)}</span>
            </button>
          )}
        </li>
      ))}
    </ul>
  )
}
