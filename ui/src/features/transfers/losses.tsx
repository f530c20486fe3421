// Owns what a copy loses, told before it begins: what is left out, changed, or refused if it occurs.
import type { CopyLoss, TablePlan } from '@/api/types'
import { Panel, TableScroll } from '@/components/page'
import { plural } from '@/lib/format'

const SEVERITIES: Record<CopyLoss['severity'], { label: string; tone: string }> = {
  left_out: { label: 'omitted', tone: 'del' },
  changed: { label: 'changed', tone: 'mod' },
  risk: { label: 'may fail', tone: '' },
}

export function Losses({ losses }: { losses: CopyLoss[] }) {
  if (losses.length === 0) {
    return (
      <Panel title="Losses">
        <p className="p-4">No losses: every table is copied unchanged.</p>
      </Panel>
    )
  }
  return (
    <Panel title={`${plural(losses.length, 'difference')} in the copy`}>
      <TableScroll label="Losses">
        <table className="table">
          <thead>
            <tr>
              {['', 'Table', 'What', 'Why'].map((name) => (
                <th key={name} scope="col" className={name === 'Table' || name === 'What' ? 'hide-p' : ''}>
                  {name || <span className="sr">Kind</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {losses.map((loss) => (
              <tr key={`${loss.severity}${loss.table}${loss.object}${loss.sentence}`}>
                <td>
                  <span className={`chip ${SEVERITIES[loss.severity].tone}`}>{SEVERITIES[loss.severity].label}</span>
                </td>
                <td className="mono hide-p">{loss.table}</td>
                <td className="mono hide-p">{loss.object}</td>
                <td className="w-full whitespace-normal">
                  <span className="mono dim block md:hidden">
                    {loss.table} {loss.object}
                  </span>
                  {loss.sentence}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Panel>
  )
}

export function Types({ tables }: { tables: TablePlan[] }) {
  return (
    <Panel title="Types" aside={<span className="dim small">{plural(tables.length, 'table')}</span>}>
      {tables.map((table) => (
        <details key={table.table} className="border-t border-line first:border-0">
          <summary className="cursor-pointer px-4 py-2">
            <b className="mono">{table.table}</b>
            {table.target !== table.table.split('.').at(-1) && <span className="dim"> becomes {table.target}</span>}
            <span className="dim small"> {plural(table.columns.length, 'column')}</span>
          </summary>
          <TableScroll label={`Columns of ${table.table}`}>
            <table className="table">
              <tbody>
                {table.columns.map((column) => (
                  <tr key={column.name}>
                    <td className="mono">{column.name}</td>
                    <td className="mono dim">{column.source_type || 'no type'}</td>
                    <td className="mono w-full">{column.target_type}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableScroll>
        </details>
      ))}
    </Panel>
  )
}
