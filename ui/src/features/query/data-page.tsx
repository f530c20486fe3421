// Owns the data page: the tree of tables and the grid of the one that is open.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { usePageTitle } from '@/components/page'
import { EmptyState, ErrorNote, SkeletonRows } from '@/components/states'
import { liveSchemaQuery, refreshSchema } from '@/features/databases/api'
import { useDatabase } from '@/lib/database-scope'
import { withErrorToast } from '@/lib/download'
import { useProjectScope } from '@/lib/project-scope'
import { SchemaTree } from './schema-tree'
import { tableAddress } from '@/lib/table-name'
import { TableGrid } from './table-grid'

export function DataPage() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const { table } = useParams({ strict: false })
  const schema = useQuery(liveSchemaQuery(database.id))
  const queries = useQueryClient()
  usePageTitle(`${table ?? 'Data'} · ${database.name}`)
  const refresh = () => void withErrorToast(async () => queries.setQueryData(['databases', database.id, 'schema'], await refreshSchema(database.id)))
  const relation = schema.data?.relations.find((one) => tableAddress(one) === table) ?? null
  return (
    <div className={`sqlpage ${table ? 'has-table' : 'no-table'}`}>
      <h1 className="sr">Data of {database.name}</h1>
      {schema.error && (
        <div className="p-4">
          <ErrorNote error={schema.error} retry={() => void schema.refetch()} />
        </div>
      )}
      {schema.isPending && <SkeletonRows />}
      {schema.data && <SchemaTree schema={schema.data} current={table} link={{ project: project.id, database: database.id }} onRefresh={refresh} />}
      <div className="sqlmain">
        {relation && schema.data ? (
          <TableGrid key={`${database.id}/${table}`} relation={relation} schema={schema.data} />
        ) : (
          schema.data && <EmptyState text={table ? `There is no table ${table}.` : 'Select a table.'} />
        )}
      </div>
    </div>
  )
}
