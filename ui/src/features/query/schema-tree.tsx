// Owns the tree beside the editor and the grid: tables with their columns, found by name.
import { Link } from '@tanstack/react-router'
import { ChevronRight, Eye, RefreshCw, Table2 } from 'lucide-react'
import { useState } from 'react'
import type { LiveRelation, LiveSchema } from '@/api/types'
import { SearchField } from '@/components/field'
import { TypeGlyph } from '@/components/marks'
import { count } from '@/lib/format'
import { tableAddress } from '@/lib/table-name'

interface TreeProps {
  schema: LiveSchema
  current?: string | undefined
  link: { project: string; database: string }
  onName?: (name: string) => void
  onRefresh: () => void
  /** What is found by name. */
  what?: string
}

function Columns({ relation, onName }: { relation: LiveRelation; onName: ((name: string) => void) | undefined }) {
  return (
    <ul>
      {relation.columns.map((column) => {
        const inner = (
          <>
            <TypeGlyph type={column.type ?? ''} primaryKey={relation.primary_key?.includes(column.name) ?? false} />
            <span className="cut grow mono">{column.name}</span>
            <span className="dim small cut">{column.type}</span>
          </>
        )
        return (
          <li key={column.name}>
            {onName ? (
              <button type="button" className="treerow sub" title={`Insert ${column.name} into the editor`} onClick={() => onName(column.name)}>
                {inner}
              </button>
            ) : (
              <span className="treerow sub">{inner}</span>
            )}
          </li>
        )
      })}
    </ul>
  )
}

export function SchemaTree({ schema, current, link, onName, onRefresh, what = 'table or column' }: TreeProps) {
  const [search, setSearch] = useState('')
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const wanted = search.trim().toLowerCase()
  const fits = (relation: LiveRelation) => relation.name.toLowerCase().includes(wanted) || relation.columns.some((column) => column.name.toLowerCase().includes(wanted))
  const relations = wanted ? schema.relations.filter(fits) : schema.relations
  const toggle = (name: string) => {
    const next = new Set(open)
    if (!next.delete(name)) next.add(name)
    setOpen(next)
  }
  return (
    <div className="filetree">
      <div className="row">
        <SearchField label={`Find a ${what}`} placeholder={`Find a ${what}`} value={search} onChange={setSearch} className="grow" />
        <button type="button" className="btn ghost icon" aria-label="Refresh schema" onClick={onRefresh}>
          <RefreshCw className="i" aria-hidden="true" />
        </button>
      </div>
      <ul className="treescroll" aria-label="Tables">
        {relations.map((relation) => {
          const address = tableAddress(relation)
          const shown = open.has(address) || (wanted !== '' && relations.length < 8)
          const Icon = relation.kind?.endsWith('view') ? Eye : Table2
          return (
            <li key={address}>
              <span className="row gap-0">
                <button type="button" className="btn ghost icon tiny" aria-expanded={shown} aria-label={`Columns of ${relation.name}`} onClick={() => toggle(address)}>
                  <ChevronRight className={`i chev ${shown ? 'open' : ''}`} aria-hidden="true" />
                </button>
                <Link
                  to="/p/$project/d/$database/data/$table"
                  params={{ ...link, table: address }}
                  search={{}}
                  className="treerow grow"
                  aria-current={current === address ? 'page' : undefined}
                >
                  <Icon className="i" aria-hidden="true" />
                  <span className="cut grow mono">{address}</span>
                  {relation.rows !== null && relation.rows !== undefined && <span className="dim small">{count(relation.rows)}</span>}
                </Link>
              </span>
              {shown && <Columns relation={relation} onName={onName} />}
            </li>
          )
        })}
        {relations.length === 0 && <li className="dim p-2">{wanted ? 'No matches.' : what === 'table or column' ? 'No tables yet.' : 'Nothing here yet.'}</li>}
      </ul>
    </div>
  )
}
