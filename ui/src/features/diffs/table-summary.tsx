// Owns the tables of a comparison: how many rows of each differ, those that differ first.
import { Link } from '@tanstack/react-router'
import type { TableDiff } from '@/api/types'
import { TableHead, TableScroll } from '@/components/page'
import { count, plural } from '@/lib/format'

const STATUS: Record<TableDiff['status'], string> = { equal: 'Equal', changed: 'Rows differ', added: 'Table added', removed: 'Table removed' }

/** "12", "≥ 12" where counting stopped, a dash for none. */
export function countText(number: number, exact: boolean): string {
  if (number === 0) return exact ? '–' : '≥ 0'
  return `${exact ? '' : '≥ '}${count(number)}`
}

/** "title 2, price 1": the columns in which changed rows differ, most first. */
export function columnsText(columns: TableDiff['columns']): string {
  return Object.entries(columns)
    .sort(([, one], [, other]) => other - one)
    .map(([name, number]) => `${name} ${count(number)}`)
    .join(', ')
}

export const differing = (tables: readonly TableDiff[]): TableDiff[] => tables.filter((table) => table.status !== 'equal')

export function TableSummaries({ tables, chosen }: { tables: readonly TableDiff[]; chosen: string | undefined }) {
  const different = differing(tables)
  const equal = tables.length - different.length
  return (
    <>
      {different.length > 0 && (
        <TableScroll label="Tables that differ">
          <table className="table">
            <TableHead
              columns={[{ name: 'Table' }, { name: 'State' }, { name: 'Added', className: 'num' }, { name: 'Removed', className: 'num' }, { name: 'Changed', className: 'num' }, { name: 'Changed columns' }]}
            />
            <tbody>
              {different.map((table) => (
                <tr key={table.name} aria-selected={table.name === chosen}>
                  <td className="mono">
                    {table.status === 'changed' ? (
                      <Link from="/p/$project/d/$database/diff" to="." search={(now) => ({ ...now, table: table.name, kind: undefined })} className="link">
                        {table.name}
                      </Link>
                    ) : (
                      table.name
                    )}
                  </td>
                  <td>{STATUS[table.status]}</td>
                  <td className="num t-add">{countText(table.added, table.exact)}</td>
                  <td className="num t-del">{countText(table.removed, table.exact)}</td>
                  <td className="num">{countText(table.changed, table.exact)}</td>
                  <td className="dim">{columnsText(table.columns)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
      {equal > 0 && (
        <p className="small dim p-3">
          {different.length === 0 ? `All ${plural(equal, 'table')} have the same rows.` : `${plural(equal, 'other table')} ${equal === 1 ? 'has' : 'have'} the same rows.`}
        </p>
      )}
    </>
  )
}
