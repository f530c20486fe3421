// Owns the pages for a wrong address and for a page that failed to load.
import { Link } from '@tanstack/react-router'
import { PageFrame } from '@/components/page'
import { EmptyState, ErrorNote } from '@/components/states'

export function NotFound() {
  return (
    <PageFrame title="Nothing here">
      <EmptyState text="This address leads nowhere, or to something you may not see.">
        <Link to="/" className="btn primary">
          Go home
        </Link>
      </EmptyState>
    </PageFrame>
  )
}

export function RouteError({ error, reset }: { error: unknown; reset: () => void }) {
  return (
    <PageFrame title="This page failed">
      <ErrorNote error={error} retry={reset} />
    </PageFrame>
  )
}
