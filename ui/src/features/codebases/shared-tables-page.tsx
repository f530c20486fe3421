// Owns the page of shared tables: what other codebases of the organization have, too, and the columns that they define otherwise.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { Codebase, SharedTable } from '@/api/types'
import { Segmented } from '@/components/field'
import { NeedsScan } from '@/components/needs-scan'
import { PageFrame, Panel, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { count, plural } from '@/lib/format'
import { sharedTablesQuery } from './api'

const route = getRouteApi('/shell/p/$project/shared-tables')

function SharedPanel({ table }: { table: SharedTable }) {
  return (
    <Panel title={table.table_name} aside={`${plural(table.same_columns, 'column')} the same`}>
      {table.divergences.length === 0 ? (
        <p className="small dim p-3">{table.codebases.join(', ')} define it alike.</p>
      ) : (
        <TableScroll label={`Columns of ${table.table_name} that diverge`}>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Column</th>
                {table.codebases.map((name) => (
                  <th scope="col" key={name}>
                    {name}
                  </th>
                ))}
                <th scope="col">Differs in</th>
              </tr>
            </thead>
            <tbody>
              {table.divergences.map((item) => (
                <tr key={item.column_name}>
                  <th scope="row" className="mono">
                    {item.column_name}
                  </th>
                  {item.definitions.map((one) => (
                    <td key={one.codebase} className="mono">
                      {one.definition || <span className="dim">absent</span>}
                    </td>
                  ))}
                  <td>{item.kinds.join(', ')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
    </Panel>
  )
}

function Answer({ tables }: { tables: SharedTable[] }) {
  const { show } = route.useSearch()
  const navigate = route.useNavigate()
  const divergent = tables.filter((table) => table.divergences.length > 0)
  const shown = show === 'all' ? tables : divergent
  const options = [
    { value: 'divergent', label: <>Divergent <span className="faint">{count(divergent.length)}</span></> },
    { value: 'all', label: <>All <span className="faint">{count(tables.length)}</span></> },
  ] as const
  if (tables.length === 0) return <EmptyState text="No other codebase of the organization that you may read has a table of this one." />
  return (
    <>
      <div className="row flex-wrap">
        <Segmented label="Tables" value={show ?? 'divergent'} options={options} onChange={(value) => void navigate({ search: (now) => ({ ...now, show: value === 'all' ? value : undefined }), replace: true })} />
      </div>
      {shown.length === 0 && <EmptyState text="All shared tables are defined alike." />}
      {shown.map((table) => (
        <SharedPanel key={`${table.table_name} ${table.codebases.join(' ')}`} table={table} />
      ))}
    </>
  )
}

function Shared({ codebase }: { codebase: Codebase }) {
  const tables = useQuery(sharedTablesQuery(codebase.id))
  return (
    <PageFrame title="Shared tables" subtitle={<span className="dim cut">{codebase.name}</span>}>
      <Loaded query={tables} rows={8}>
        {(data) => <Answer tables={data.tables} />}
      </Loaded>
    </PageFrame>
  )
}

export function SharedTablesPage() {
  return <NeedsScan title="Shared tables">{(codebase) => <Shared key={codebase.id} codebase={codebase} />}</NeedsScan>
}
