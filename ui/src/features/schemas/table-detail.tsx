// Owns one table: columns with their use, indexes, foreign keys, enums it uses, and where it is declared.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Codebase, DatabaseSchema, SchemaColumn, SchemaTable } from '@/api/types'
import { TypeGlyph } from '@/components/marks'
import { ImpactLink } from '@/components/impact-link'
import { Panel, TableScroll } from '@/components/page'
import { count, plural } from '@/lib/format'
import { tableCountsQuery } from './api'

function Reference({ table, column }: { table: string; column: string | null }) {
  return (
    <Link from="/p/$project/schema" to="/p/$project/schema/$table" params={(now) => ({ ...now, table })} search={(now) => now} className="link mono">
      {column ? `${table}.${column}` : table}
    </Link>
  )
}

function ColumnRow({ column, table, uses }: { column: SchemaColumn; table: string; uses: number | undefined }) {
  return (
    <tr>
      <td className="mono">
        <span className="row gap-1.5">
          <TypeGlyph type={column.type} primaryKey={column.primary_key} />
          <span title={column.comment ?? undefined}>{column.name}</span>
        </span>
      </td>
      <td className="mono dim">{column.type}</td>
      <td className="dim">{column.nullable ? 'yes' : 'no'}</td>
      <td className="mono dim cut max-w-48" title={column.default ?? undefined}>
        {column.default ?? '–'}
      </td>
      <td>{column.references ? <Reference {...column.references} /> : '–'}</td>
      <td className="num">
        {uses === undefined ? (
          '–'
        ) : (
          <Link from="/p/$project" to="/p/$project/lineage" search={{ table, column: column.name }} className="link" aria-label={`${uses} usages of ${column.name}`}>
            {count(uses)}
          </Link>
        )}
      </td>
      <td>
        <ImpactLink of={`${table}.${column.name}`} />
      </td>
    </tr>
  )
}

function Columns({ table, codebase }: { table: SchemaTable; codebase: Codebase }) {
  const counts = useQuery(tableCountsQuery(codebase.id, table.name)).data
  const uses = new Map(counts?.map((one) => [one.column_name, one.total]))
  return (
    <Panel title="Columns" aside={plural(table.columns.length, 'column')}>
      <TableScroll label="Columns">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Type</th>
              <th scope="col">Null</th>
              <th scope="col">Default</th>
              <th scope="col">References</th>
              <th scope="col" className="num">Uses</th>
              <th scope="col">
                <span className="sr">Impact</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {table.columns.map((column) => (
              <ColumnRow key={column.name} column={column} table={table.name} uses={uses.get(column.name)} />
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Panel>
  )
}

function Declared({ table }: { table: SchemaTable }) {
  if (table.origins.length === 0) return null
  return (
    <Panel title="Declared in">
      <ul className="skips">
        {table.origins.map((origin) => (
          <li key={`${origin.file}:${origin.line}`}>
            <Link from="/p/$project" to="/p/$project/files/$" params={(now) => ({ ...now, _splat: origin.file })} search={{ line: origin.line ?? undefined }} className="link mono cut">
              {origin.file}
              {origin.line ? `:${origin.line}` : ''}
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Indexes({ table }: { table: SchemaTable }) {
  if (table.indexes.length === 0) return null
  return (
    <Panel title="Indexes">
      <ul className="skips">
        {table.indexes.map((index) => (
          <li key={`${index.name} ${index.columns.join()}`}>
            <code className="cut">{index.name ?? 'unnamed'}</code>
            <span className="small">
              {index.columns.join(', ')}
              {index.unique && ' · unique'}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function ForeignKeys({ table }: { table: SchemaTable }) {
  if (table.foreign_keys.length === 0) return null
  return (
    <Panel title="Foreign keys">
      <ul className="skips">
        {table.foreign_keys.map((key) => (
          <li key={key.columns.join()}>
            <code className="cut">{key.columns.join(', ')}</code>
            <span className="small">
              <Reference table={key.ref_table} column={key.ref_columns.join(', ')} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

interface TableDetailProps {
  table: SchemaTable
  enums: DatabaseSchema['enums']
  codebase: Codebase
}

export function TableDetail({ table, enums, codebase }: TableDetailProps) {
  const used = enums.filter((one) => table.columns.some((column) => column.type.replace(/[[\]"]/g, '') === one.name))
  return (
    <div className="page">
      {table.comment && <p className="dim">{table.comment}</p>}
      <Columns table={table} codebase={codebase} />
      <div className="pair">
        <Declared table={table} />
        <Indexes table={table} />
        <ForeignKeys table={table} />
        {used.map((one) => (
          <Panel key={one.name} title={one.name} aside="enum">
            <p className="p-3 mono">{one.values.join(', ')}</p>
          </Panel>
        ))}
      </div>
    </div>
  )
}
