// Owns the schema explorer: the tree of tables at the left, one table at the right.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useParams } from '@tanstack/react-router'
import type { Codebase, DatabaseSchema } from '@/api/types'
import { NeedsScan } from '@/components/needs-scan'
import { usePageTitle } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { plural } from '@/lib/format'
import { schemaQuery } from './api'
import { CompareField, DriftPanels } from './drift-panels'
import { SchemaExport } from './schema-export'
import { TableDetail } from './table-detail'
import { TableTree } from './table-tree'

const route = getRouteApi('/shell/p/$project/schema')

function Explorer({ schema, codebase }: { schema: DatabaseSchema; codebase: Codebase }) {
  const { table: wanted } = useParams({ strict: false })
  const { q, against } = route.useSearch()
  const navigate = route.useNavigate()
  if (schema.tables.length === 0) return <EmptyState text="The scan found no tables: no SQL files and no models of a known ORM." />
  const table = schema.tables.find((one) => one.name === wanted) ?? (wanted ? undefined : schema.tables[0])
  const columns = schema.tables.reduce((sum, one) => sum + one.columns.length, 0)
  return (
    <div className={`explorer ${wanted ? 'has-table' : ''}`}>
      <TableTree
        tables={schema.tables}
        current={table?.name}
        query={q ?? ''}
        onQuery={(value) => void navigate({ to: '.', search: (now) => ({ ...now, q: value || undefined }), replace: true })}
      />
      <div className="tabledetail">
        <div className="toolbar">
          <h1 className="cut">{table ? table.name : 'Schema'}</h1>
          <span className="small dim hide-p">
            {plural(schema.tables.length, 'table')}, {plural(columns, 'column')} in all
          </span>
          <span className="grow" />
          <CompareField
            codebase={codebase}
            against={against}
            onChange={(value) => void navigate({ to: '.', search: (now) => ({ ...now, against: value || undefined }), replace: true })}
          />
          <SchemaExport codebase={codebase} />
        </div>
        {against && <DriftPanels key={against} codebase={codebase} against={against} />}
        {table ? (
          <TableDetail key={table.name} table={table} enums={schema.enums} codebase={codebase} />
        ) : (
          <EmptyState text={`There is no table called ${wanted}. Choose one from the list.`} />
        )}
      </div>
    </div>
  )
}

function Schema({ codebase }: { codebase: Codebase }) {
  const schema = useQuery(schemaQuery(codebase.id))
  if (schema.data && schema.data.tables.length > 0) return <Explorer schema={schema.data} codebase={codebase} />
  return (
    <>
      <div className="toolbar">
        <h1>Schema</h1>
      </div>
      <Loaded query={schema} rows={12}>
        {(data) => <Explorer schema={data} codebase={codebase} />}
      </Loaded>
    </>
  )
}

export function SchemaPage() {
  const { table } = useParams({ strict: false })
  usePageTitle(table ?? 'Schema')
  return <NeedsScan title="Schema">{(codebase) => <Schema key={codebase.id} codebase={codebase} />}</NeedsScan>
}
