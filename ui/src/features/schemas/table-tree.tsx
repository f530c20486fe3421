// Owns the list of tables, searched by the name of a table or of one of its columns.
import { Link } from '@tanstack/react-router'
import { Eye, Table2 } from 'lucide-react'
import type { SchemaTable } from '@/api/types'
import { SearchField } from '@/components/field'
import { EmptyState } from '@/components/states'
import { useListKeys } from '@/lib/list-keys'

/** The tables whose name, or one of whose columns, holds the query; each with its columns that do. */
export function findTables(tables: readonly SchemaTable[], query: string): { table: SchemaTable; hits: string[] }[] {
  const wanted = query.trim().toLowerCase()
  const sorted = [...tables].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))
  if (!wanted) return sorted.map((table) => ({ table, hits: [] }))
  return sorted
    .map((table) => ({ table, hits: table.columns.map((column) => column.name).filter((name) => name.toLowerCase().includes(wanted)) }))
    .filter(({ table, hits }) => hits.length > 0 || table.name.toLowerCase().includes(wanted))
}

interface TableTreeProps {
  tables: readonly SchemaTable[]
  current: string | undefined
  query: string
  onQuery: (query: string) => void
}

export function TableTree({ tables, current, query, onQuery }: TableTreeProps) {
  const list = useListKeys<HTMLUListElement>()
  const found = findTables(tables, query)
  return (
    <nav className="filetree" aria-label="Tables">
      <SearchField label="Find a table or column" placeholder="Table or column" value={query} onChange={onQuery} />
      {found.length === 0 && <EmptyState text="No table fits this search." />}
      <ul ref={list} className="treescroll">
        {found.map(({ table, hits }) => {
          const Icon = table.kind === 'table' ? Table2 : Eye
          return (
            <li key={table.name}>
              <Link
                data-row
                from="/p/$project/schema"
                to="/p/$project/schema/$table"
                params={(now) => ({ ...now, table: table.name })}
                search={(now) => now}
                className="treerow pl-1"
                aria-current={table.name === current ? 'page' : undefined}
              >
                <Icon className="i" aria-hidden="true" />
                <code className="cut">{table.name}</code>
                <span className="end small dim">{table.columns.length}</span>
              </Link>
              {hits.length > 0 && <p className="hits small dim">{hits.join(', ')}</p>}
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
