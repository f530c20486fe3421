// Owns the list of a snapshot's tables beside their rows.
import { Link } from '@tanstack/react-router'
import { Table2 } from 'lucide-react'
import { useState } from 'react'
import type { SnapshotTable } from '@/api/types'
import { SearchField } from '@/components/field'
import { tableName } from '@/lib/table-name'
import { count } from '@/lib/format'

export function SnapshotTables({ tables, current }: { tables: readonly SnapshotTable[]; current: string | undefined }) {
  const [search, setSearch] = useState('')
  const wanted = search.trim().toLowerCase()
  const found = tables.filter((table) => tableName(table).toLowerCase().includes(wanted))
  return (
    <div className="filetree">
      <div className="row">
        <SearchField label="Find a table" placeholder="Find a table" value={search} onChange={setSearch} className="grow" />
      </div>
      <ul className="treescroll" aria-label="Tables">
        {found.map((table) => {
          const name = tableName(table)
          return (
            <li key={name}>
              <Link from="/p/$project/d/$database/snapshots/$snapshot" to="." search={{ table: name }} className="treerow" aria-current={current === name ? 'page' : undefined}>
                <Table2 className="i" aria-hidden="true" />
                <span className="cut grow mono">{name}</span>
                <span className="dim small">{count(table.rows)}</span>
              </Link>
            </li>
          )
        })}
        {found.length === 0 && <li className="dim p-2">{wanted ? 'No matches.' : 'The snapshot has no tables.'}</li>}
      </ul>
    </div>
  )
}
