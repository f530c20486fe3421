// Owns what a page shows when it has nothing to show yet: skeleton rows, an empty state, an error.
import { TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { asApiError } from '@/lib/problem'

export function SkeletonRows({ rows = 8, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <div role="status" aria-label={label} className="flex flex-col gap-3 p-4">
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} className="skeleton h-4" style={{ width: `${92 - ((row * 17) % 40)}%` }} />
      ))}
    </div>
  )
}

export function EmptyState({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p>{text}</p>
      {children}
    </div>
  )
}

export function ErrorNote({ error, retry }: { error: unknown; retry?: () => void }) {
  const told = asApiError(error)
  return (
    <div role="alert" className="note">
      <TriangleAlert className="i t-del" aria-hidden="true" />
      <div className="grow">
        <p>{told.message}</p>
        {told.hint && <p className="dim">{told.hint}</p>}
      </div>
      {retry && (
        <button type="button" className="btn" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}

interface Loadable<T> {
  data: T | undefined
  error: unknown
  refetch: () => unknown
}

/** Skeleton, error or content of one query. */
export function Loaded<T>({ query, rows, children }: { query: Loadable<T>; rows?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error) {
    return (
      <div className="p-4">
        <ErrorNote error={query.error} retry={() => void query.refetch()} />
      </div>
    )
  }
  return <SkeletonRows rows={rows} />
}
