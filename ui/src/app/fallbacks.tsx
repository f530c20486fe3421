// Owns the pages for a wrong address and for a page that failed to load.
import { Link } from '@tanstack/react-router'
import { PageFrame } from '@/components/page'
import { EmptyState, ErrorNote } from '@/components/states'

export function NotFound() {
  return (
    <PageFrame title="Page not found">
      <EmptyState text="This page does not exist, or you do not have access to it.">
        <Link to="/" className="btn primary">
          Go home
        </Link>
      </EmptyState>
    </PageFrame>
  )
}

/** The same, where no shell stands around it. */
export function BareNotFound() {
  return (
    <main className="bare">
      <NotFound />
    </main>
  )
}

export function BareError(props: { error: unknown; reset: () => void }) {
  return (
    <main className="bare">
      <RouteError {...props} />
    </main>
  )
}

export function RouteError({ error, reset }: { error: unknown; reset: () => void }) {
  return (
    <PageFrame title="This page failed to load">
      <ErrorNote error={error} retry={reset} />
    </PageFrame>
  )
}
