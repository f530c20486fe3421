// Owns the list of places the scan could not make sense of: said openly, each with a link to its line.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Panel } from '@/components/page'
import { Loaded } from '@/components/states'
import { count } from '@/lib/format'
import { notUnderstoodQuery } from './api'

export function NotUnderstoodPanel({ codebase, total }: { codebase: string; total: number }) {
  const places = useInfiniteQuery(notUnderstoodQuery(codebase))
  return (
    <Panel title="Not understood" aside={count(total)}>
      <Loaded query={places} rows={3}>
        {(data) => (
          <ul className="places">
            {data.pages
              .flatMap((page) => page.items)
              .map((place) => (
                <li key={place.id}>
                  <Link
                    from="/p/$project"
                    to="/p/$project/files/$"
                    params={(now) => ({ ...now, _splat: place.file_path })}
                    search={{ line: place.line_number }}
                    className="link mono"
                  >
                    {place.file_path}:{place.line_number}
                  </Link>
                  <code className="cut">{place.text}</code>
                  <span className="small dim">{place.reason}</span>
                </li>
              ))}
          </ul>
        )}
      </Loaded>
      {places.hasNextPage && (
        <button type="button" className="btn ghost wide" onClick={() => void places.fetchNextPage()}>
          Show more
        </button>
      )}
    </Panel>
  )
}
