// Owns the cache of server state and what happens when the server no longer knows the session.
import { QueryCache, QueryClient } from '@tanstack/react-query'
import { isSignedOut } from '@/lib/http'
import { ApiError } from '@/lib/problem'
import { session, setSession } from '@/lib/session'

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
