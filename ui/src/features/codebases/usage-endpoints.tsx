// Owns the endpoints that reach one usage, each with the functions in between.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Codebase, Usage } from '@/api/types'
import { Loaded } from '@/components/states'
import { usageEndpointsQuery } from './api'
import { ChainText } from './endpoint-chain'

export function UsageEndpoints({ usage, codebase }: { usage: Usage; codebase: Codebase }) {
  const endpoints = useInfiniteQuery(usageEndpointsQuery(codebase.id, usage.id))
  return (
    <section>
      <h3>Endpoints</h3>
      <Loaded query={endpoints} rows={2}>
        {(data) => {
          const reaching = data.pages.flatMap((page) => page.items)
          if (reaching.length === 0) return <p className="dim mt-2">No HTTP endpoint is seen to reach this line.</p>
          return (
            <ol className="reaching" aria-label="Endpoints that reach this line">
              {reaching.map((endpoint) => (
                <li key={endpoint.id}>
                  <Link from="/p/$project" to="/p/$project/endpoints" search={{ q: `${endpoint.method} ${endpoint.path}` }} className="link mono">
                    {endpoint.method} {endpoint.path}
                  </Link>
                  <ChainText chain={endpoint.chain} />
                </li>
              ))}
            </ol>
          )
        }}
      </Loaded>
      {endpoints.hasNextPage && (
        <button type="button" className="btn ghost wide" onClick={() => void endpoints.fetchNextPage()}>
          Show more
        </button>
      )}
    </section>
  )
}
