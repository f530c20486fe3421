// Owns the data page of databases with documents: the collections, and the documents of the one that is open.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Braces, Eye, RefreshCw } from 'lucide-react'
import { usePageTitle } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { liveSchemaQuery, refreshSchema } from '@/features/databases/api'
import { useDatabase } from '@/lib/database-scope'
import { withErrorToast } from '@/lib/download'
import { count } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { holdersQuery } from './api'
import { DocumentList } from './document-list'

export function DocumentsPage() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const { table: name } = useParams({ strict: false })
  const holders = useQuery(holdersQuery(database.id))
  const schema = useQuery(liveSchemaQuery(database.id))
  const queries = useQueryClient()
  usePageTitle(`${name ?? 'Documents'} · ${database.name}`)
  const refresh = () =>
    void withErrorToast(async () => {
      await queries.invalidateQueries({ queryKey: ['entries', database.id] })
      queries.setQueryData(['databases', database.id, 'schema'], await refreshSchema(database.id))
    })
  const holder = holders.data?.find((one) => one.name === name) ?? null
  const known = schema.data?.relations.find((one) => one.name === name) ?? null
  // A collection comes into being with its first document, which no schema is told of.
  const fresh = useQuery({
    queryKey: ['databases', database.id, 'schema', 'with', name],
    queryFn: async () => {
      const read = await refreshSchema(database.id)
      queries.setQueryData(['databases', database.id, 'schema'], read)
      return read
    },
    enabled: holder !== null && schema.data !== undefined && known === null,
    staleTime: Infinity,
  })
  const relation = known ?? fresh.data?.relations.find((one) => one.name === name) ?? null
  return (
    <div className={`sqlpage ${name ? 'has-table' : 'no-table'}`}>
      <h1 className="sr">Documents of {database.name}</h1>
      <div className="filetree">
        <div className="row">
          <span className="grow dim small px-2">Collections</span>
          <button type="button" className="btn ghost icon" aria-label="Refresh collections" onClick={refresh}>
            <RefreshCw className="i" aria-hidden="true" />
          </button>
        </div>
        <Loaded query={holders} rows={4}>
          {(found) => (
            <ul className="treescroll" aria-label="Collections">
              {found.map((one) => (
                <li key={one.name}>
                  <Link
                    to="/p/$project/d/$database/data/$table"
                    params={{ project: project.id, database: database.id, table: one.name }}
                    search={{}}
                    className="treerow"
                    aria-current={one.name === name ? 'page' : undefined}
                  >
                    {one.kind === 'view' ? <Eye className="i" aria-hidden="true" /> : <Braces className="i" aria-hidden="true" />}
                    <span className="cut grow mono">{one.name}</span>
                    {one.count !== null && <span className="dim small">{count(one.count)}</span>}
                  </Link>
                </li>
              ))}
              {found.length === 0 && <li className="dim p-2">No collections yet. The first insert creates one.</li>}
            </ul>
          )}
        </Loaded>
      </div>
      <div className="sqlmain">
        {holder ? (
          <DocumentList key={`${database.id}/${holder.name}`} holder={holder} relation={relation} />
        ) : (
          holders.data && <EmptyState text={name ? `There is no collection ${name}.` : 'Select a collection.'} />
        )}
      </div>
    </div>
  )
}
