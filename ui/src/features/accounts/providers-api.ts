// Owns the requests of identity providers: signing in with them, and the identities that are linked to an account.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api } from '@/lib/http'
import type { ProviderAnswer } from '@/lib/provider-flow'
import { renewSession, session, setSession } from '@/lib/session'
import { passkeyResult } from './passkeys-api'

export const providersQuery = () =>
  queryOptions({ queryKey: ['providers'], queryFn: async ({ signal }) => (await api.get('/auth/providers', { signal })).items, staleTime: 300_000 })

export const identitiesQuery = () =>
  queryOptions({ queryKey: ['identities'], queryFn: async ({ signal }) => (await api.get('/auth/identities', { signal })).items })

/** Goes to a provider to sign in; the promise never settles, since the page is left. */
async function leave(url: string): Promise<never> {
  window.location.assign(url)
  return new Promise(() => undefined)
}

export const useStartSignIn = () =>
  useMutation({
    mutationFn: async ({ provider, next = '', invitation = '', keep_account = false }: { provider: string; next?: string; invitation?: string; keep_account?: boolean }) =>
      leave((await api.post('/auth/oidc/{provider}/start', { params: { path: { provider } }, body: { next, invitation, keep_account } })).url),
  })

export const useStartLink = () =>
  useMutation({
    mutationFn: async (provider: string) => leave((await api.post('/auth/identities/start', { body: { provider, purpose: 'link', next: '/settings/security' } })).url),
  })

/** Begins a proof; returns the address for another window. */
export const startProof = async (provider: string) => (await api.post('/auth/identities/start', { body: { provider, purpose: 'proof', next: '' } })).url

/** Completes a sign-in; what an earlier user has left in the cache is forgotten. */
export function useCompleteSignIn() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ provider, answer }: { provider: string; answer: ProviderAnswer }) => api.post('/auth/oidc/{provider}/callback', { params: { path: { provider } }, body: answer }),
    onSuccess: (result) => {
      if (!result.session) return
      queries.clear()
      setSession(result.session)
    },
  })
}

/** Takes the second step with a code, or with a passkey if there is none. */
export function useSecondStep() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (code: string | null) => api.post('/auth/oidc/second-step', { body: code === null ? { passkey: await passkeyResult() } : { code } }),
    onSuccess: (next) => {
      queries.clear()
      setSession(next)
    },
  })
}

/** Completes what a session has begun: the page was loaded anew, so the session is renewed first. */
export const useCompleteInSession = () =>
  useMutation({
    mutationFn: async ({ provider, answer, purpose }: { provider: string; answer: ProviderAnswer; purpose: 'link' | 'proof' }) => {
      if (session() === null) await renewSession()
      return api.post(purpose === 'link' ? '/auth/identities' : '/auth/identities/proof', { body: { ...answer, provider } })
    },
  })

export function useUnlink() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (identity_id: string) => api.delete('/auth/identities/{identity_id}', { params: { path: { identity_id } } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['identities'] }),
  })
}
