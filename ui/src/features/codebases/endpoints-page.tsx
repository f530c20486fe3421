// Owns the endpoints page: the HTTP endpoints of the code, searched and by column, each with what it uses when opened.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { X } from 'lucide-react'
import { useMemo } from 'react'
import type { Codebase } from '@/api/types'
import { SearchField, SelectField } from '@/components/field'
import { NeedsScan } from '@/components/needs-scan'
import { usePageTitle } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import type { EndpointsSearch } from '@/lib/search-params'
import { columnSummariesQuery, endpointsQuery } from './api'
import { EndpointRow } from './endpoint-row'

const route = getRouteApi('/shell/p/$project/endpoints')

function Toolbar({ codebase }: { codebase: Codebase }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const patch = (change: EndpointsSearch) => void navigate({ search: (now) => ({ ...now, ...change }), replace: true })
  const columns = useQuery(columnSummariesQuery(codebase.id)).data
  const tables = useMemo(() => [...new Set((columns ?? []).map((column) => column.table_name))], [columns])
  const options = [{ value: '', label: 'All tables' }, ...tables.map((table) => ({ value: table, label: table }))]
  return (
    <div className="toolbar">
      <h1>Endpoints</h1>
      <SearchField label="Find an endpoint" placeholder="Path, handler or file" value={search.q ?? ''} onChange={(q) => patch({ q: q || undefined })} />
      <SelectField label="Table" hideLabel value={search.table ?? ''} options={options} onChange={(table) => patch({ table: table || undefined, column: undefined })} />
      {search.column && (
        <button type="button" className="btn" aria-label={`All columns, not only ${search.column}`} onClick={() => patch({ column: undefined })}>
          <code>{search.column}</code>
          <X className="i" aria-hidden="true" />
        </button>
      )}
    </div>
  )
}

function nothing(search: EndpointsSearch): string {
  if (search.q) return 'No endpoints match this search.'
  if (search.column) return `No endpoint is seen to use ${search.table}.${search.column}.`
  if (search.table) return `No endpoint is seen to use ${search.table}.`
  return 'The scan found no HTTP endpoints in this codebase. Scan it again if its last scan is from an earlier version.'
}

function Endpoints({ codebase }: { codebase: Codebase }) {
  const search = route.useSearch()
  const endpoints = useInfiniteQuery(endpointsQuery(codebase.id, search))
  return (
    <div className="tool fill">
      <Toolbar codebase={codebase} />
      <div className="scroll" role="group" aria-label="Endpoints" tabIndex={0}>
        <Loaded query={endpoints} rows={14}>
          {(data) => {
            const rows = data.pages.flatMap((page) => page.items)
            if (rows.length === 0) return <EmptyState text={nothing(search)} />
            return (
              <ol className="endpoints" aria-label="Endpoints by path">
                {rows.map((endpoint) => (
                  <EndpointRow key={endpoint.id} endpoint={endpoint} codebase={codebase} table={search.table} column={search.column} />
                ))}
              </ol>
            )
          }}
        </Loaded>
        {endpoints.hasNextPage && (
          <button type="button" className="btn ghost wide" disabled={endpoints.isFetchingNextPage} onClick={() => void endpoints.fetchNextPage()}>
            Show more
          </button>
        )}
      </div>
    </div>
  )
}

export function EndpointsPage() {
  usePageTitle('Endpoints')
  return <NeedsScan title="Endpoints">{(codebase) => <Endpoints key={codebase.id} codebase={codebase} />}</NeedsScan>
}
