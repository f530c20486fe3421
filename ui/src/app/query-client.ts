// Owns the cache of server state and what happens when the server no longer knows the session.
import { QueryCache, QueryClient } from '@tanstack/react-query'
import { isSignedOut } from '@/lib/http'
import { ApiError } from '@/lib/problem'
import { onSession, session, setSession } from '@/lib/session'
import { forgetStoredState } from '@/lib/stored-state'

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (isSignedOut(error) && session() !== null) setSession(null)
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
})

let wasSignedIn = false

// However a session ends: by its user, by expiry, from elsewhere, or while this page was closed.
onSession(() => {
  const isSignedIn = session() !== null
  if (!isSignedIn) forgetStoredState()
  // What a visitor is shown goes on loading: nobody was signed in, so nothing of theirs is there.
  if (!isSignedIn && wasSignedIn) queryClient.clear()
  wasSignedIn = isSignedIn
})
