// Owns the requests of accounts: instance, sign-in, sessions, organizations, members, keys, audit.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ApiKey, AuditEntry, Instance, Me, Member, Organization, Page, Role, Scope, Session, SignInSession } from '@/api/types'
import { api, everyPage } from '@/lib/http'
import { setSession } from '@/lib/session'

export const instanceQuery = () =>
  queryOptions({ queryKey: ['instance'], queryFn: ({ signal }) => api.get<Instance>('/instance', {}, signal) })

export const meQuery = () => queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => api.get<Me>('/auth/me', {}, signal), staleTime: 60_000 })

export const sessionsQuery = () =>
  queryOptions({ queryKey: ['sessions'], queryFn: ({ signal }) => everyPage<SignInSession>('/auth/sessions', {}, 500, signal) })

export const organizationsQuery = () =>
  queryOptions({ queryKey: ['organizations'], queryFn: ({ signal }) => everyPage<Organization>('/organizations', {}, 500, signal) })

export const membersQuery = (organization: string) =>
  queryOptions({
    queryKey: ['members', organization],
    queryFn: ({ signal }) => everyPage<Member>(`/organizations/${organization}/members`, {}, 2000, signal),
    enabled: organization !== '',
  })

export const keysQuery = () =>
  queryOptions({ queryKey: ['keys'], queryFn: ({ signal }) => everyPage<ApiKey>('/keys', {}, 1000, signal) })

export const auditQuery = (action: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ['audit', action ?? ''],
    queryFn: ({ pageParam, signal }) => api.get<Page<AuditEntry>>('/audit', { action, limit: 50, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  })

export interface SignInInput {
  email: string
  password: string
}

export interface SignUpInput extends SignInInput {
  name: string
}

/** Signs in and forgets what an earlier user has left in the cache. */
export function useSignIn() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (input: SignInInput) => api.post<Session>('/auth/login', input),
    onSuccess: (session) => {
      queries.clear()
      setSession(session)
    },
  })
}

/** Makes an account and signs in with it. */
export function useSignUp() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (input: SignUpInput) => api.post<Session>('/auth/signup', input),
    onSuccess: (session) => {
      queries.clear()
      setSession(session)
    },
  })
}

/** Signs out here even when the server cannot be told. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient()
  const navigate = useNavigate()
  return async () => {
    await api.post('/auth/logout').catch(() => undefined)
    setSession(null)
    await navigate({ to: '/sign-in' })
    queries.clear()
  }
}

function useChange<Input, Output>(key: readonly string[], change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSuccess: () => queries.invalidateQueries({ queryKey: key }) })
}

export const useRevokeSession = () => useChange(['sessions'], (id: string) => api.delete(`/auth/sessions/${id}`))

export interface KeyInput {
  name: string
  scopes: Scope[]
  expires_in_days: number | null
}

export const useCreateKey = () => useChange(['keys'], (input: KeyInput) => api.post<{ key: ApiKey; secret: string }>('/keys', input))
export const useRevokeKey = () => useChange(['keys'], (id: string) => api.delete(`/keys/${id}`))

export const useAddMember = (organization: string) =>
  useChange(['members', organization], (input: { email: string; role: Role }) => api.post<Member>(`/organizations/${organization}/members`, input))

export const useChangeRole = (organization: string) =>
  useChange(['members', organization], ({ user_id, role }: { user_id: string; role: Role }) =>
    api.patch<Member>(`/organizations/${organization}/members/${user_id}`, { role }),
  )

export const useRemoveMember = (organization: string) =>
  useChange(['members', organization], (user: string) => api.delete(`/organizations/${organization}/members/${user}`))

export const useOpenSignup = () => useChange(['instance'], (open_signup: boolean) => api.patch<Instance>('/instance', { open_signup }))
