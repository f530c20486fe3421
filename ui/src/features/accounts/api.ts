// Owns the requests of accounts: instance, sign-in, sessions, second factor, organizations, members, invitations, keys, audit.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ApiKeyRequest, DeletionRequest, EmailRequest, InvitationRequest, PasswordRequest, Proof, ResetRequest, Role, SignInRequest, SignUpConfirmation, SignUpRequest, UserChange } from '@/api/types'
import { auditQueryOf, type AuditSearch } from '@/lib/audit'
import { api, everyPage } from '@/lib/http'
import { setSession } from '@/lib/session'
import { forgetStoredState } from '@/lib/stored-state'

const of = (organization: string) => ({ path: { organization_id: organization } })

export const instanceQuery = () =>
  queryOptions({ queryKey: ['instance'], queryFn: ({ signal }) => api.get('/instance', { signal }) })

export const meQuery = () => queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => api.get('/auth/me', { signal }), staleTime: 60_000 })

export const sessionsQuery = () =>
  queryOptions({ queryKey: ['sessions'], queryFn: async ({ signal }) => (await api.get('/auth/sessions', { signal })).items })

export const organizationsQuery = () =>
  queryOptions({ queryKey: ['organizations'], queryFn: async ({ signal }) => (await api.get('/organizations', { signal })).items })

export const membersQuery = (organization: string) =>
  queryOptions({
    queryKey: ['members', organization],
    queryFn: async ({ signal }) => (await api.get('/organizations/{organization_id}/members', { params: of(organization), signal })).items,
    enabled: organization !== '',
  })

export const keysQuery = () =>
  queryOptions({ queryKey: ['keys'], queryFn: ({ signal }) => everyPage((cursor) => api.get('/keys', { params: { query: { cursor } }, signal }), 1000) })

export const auditQuery = (search: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ['audit', search],
    queryFn: ({ pageParam, signal }) => api.get('/audit', { params: { query: { ...auditQueryOf(search), limit: 50, cursor: pageParam } }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  })

export const exportAudit = (search: AuditSearch, format: 'csv' | 'ndjson') => api.getBlob('/audit/export', { params: { query: { ...auditQueryOf(search), format } } })

export const verifyAudit = () => api.get('/audit/verification')

/** The databases of all projects, by name: those that entries can be about. */
export const auditedDatabasesQuery = () =>
  queryOptions({
    queryKey: ['audit', 'databases'],
    queryFn: async ({ signal }) => {
      const projects = await everyPage((cursor) => api.get('/projects', { params: { query: { cursor } }, signal }), 100)
      const lists = projects.map((project) => api.get('/projects/{project_id}/databases', { params: { path: { project_id: project.id }, query: { limit: 200 } }, signal }))
      return (await Promise.all(lists)).flatMap((page) => page.items).sort((one, other) => one.name.localeCompare(other.name))
    },
    staleTime: 60_000,
  })

/** Signs in and forgets what an earlier user has left in the cache. */
export function useSignIn() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: SignInRequest) => api.post('/auth/login', { body }),
    onSuccess: (session) => {
      queries.clear()
      setSession(session)
    },
  })
}

/** Makes an account and signs in with it; where mail is sent, the address is confirmed first, and nobody is signed in yet. */
export function useSignUp() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (body: SignUpRequest) => {
      const answer = await api.post('/auth/signup', { body })
      return 'access_token' in answer ? answer : null
    },
    onSuccess: (session) => {
      if (!session) return
      queries.clear()
      setSession(session)
    },
  })
}

/** Makes the account of a sign-up by the link of its mail, and signs in. */
export function useConfirmSignUp() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: SignUpConfirmation) => api.post('/auth/signup/confirmation', { body }),
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
    forgetStoredState()
  }
}

function useChange<Input, Output>(key: readonly string[], change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSuccess: () => queries.invalidateQueries({ queryKey: key }) })
}

export const useRevokeSession = () => useChange(['sessions'], (id: string) => api.delete('/auth/sessions/{session_id}', { params: { path: { session_id: id } } }))

/** What a key can be limited to: the projects, and the databases of one. */
export const projectChoicesQuery = () =>
  queryOptions({ queryKey: ['project-choices'], queryFn: ({ signal }) => everyPage((cursor) => api.get('/projects', { params: { query: { cursor } }, signal }), 1000) })

export const databaseChoicesQuery = (project_id: string) =>
  queryOptions({
    queryKey: ['database-choices', project_id],
    queryFn: ({ signal }) => everyPage((cursor) => api.get('/projects/{project_id}/databases', { params: { path: { project_id }, query: { cursor } }, signal }), 1000),
    enabled: project_id !== '',
  })

interface NewKey {
  body: ApiKeyRequest
  database?: string
}

export const resetOfferQuery = (token: string) =>
  queryOptions({ queryKey: ['reset-offer', token], queryFn: () => api.post('/auth/reset/offer', { body: { token } }), retry: false, staleTime: Infinity })

/** The command line that waits with a code, and the answer to it. */
export const useDeviceOffer = () => useMutation({ mutationFn: (user_code: string) => api.post('/auth/device/offer', { body: { user_code } }) })
export const useDeviceAnswer = () =>
  useChange(['keys'], ({ user_code, approved }: { user_code: string; approved: boolean }) => api.post('/auth/device/answer', { body: { user_code, approved } }))

export const useCreateKey = () =>
  useChange(['keys'], ({ body, database }: NewKey) => {
    if (!database) return api.post('/keys', { body })
    const { name, scopes, expires_in_days, addresses } = body
    return api.post('/databases/{database_id}/keys', { params: { path: { database_id: database } }, body: { name, scopes, expires_in_days, addresses } })
  })
export const useRotateKey = () =>
  useChange(['keys'], ({ id, hours }: { id: string; hours: number }) => api.post('/keys/{key_id}/rotation', { params: { path: { key_id: id } }, body: { overlap_hours: hours } }))
export const useRevokeKey = () => useChange(['keys'], (id: string) => api.delete('/keys/{key_id}', { params: { path: { key_id: id } } }))

export const invitationsQuery = (organization: string) =>
  queryOptions({
    queryKey: ['invitations', organization],
    queryFn: ({ signal }) => everyPage((cursor) => api.get('/organizations/{organization_id}/invitations', { params: { ...of(organization), query: { cursor } }, signal }), 1000),
  })

export const offerQuery = (token: string) =>
  queryOptions({
    queryKey: ['invitation-offer', token],
    queryFn: ({ signal }) => api.post('/invitations/offer', { body: { token }, signal }),
    retry: false,
    enabled: token !== '',
  })

export const useInvite = (organization: string) =>
  useChange(['invitations', organization], (body: InvitationRequest) => api.post('/organizations/{organization_id}/invitations', { params: of(organization), body }))

export const useRevokeInvitation = (organization: string) =>
  useChange(['invitations', organization], (invitation_id: string) =>
    api.delete('/organizations/{organization_id}/invitations/{invitation_id}', { params: { path: { organization_id: organization, invitation_id } } }),
  )

/** Accepts an invitation; what is in the cache was read without the new organization. */
export function useAcceptInvitation() {
  const queries = useQueryClient()
  return useMutation({ mutationFn: (token: string) => api.post('/invitations/acceptance', { body: { token } }), onSuccess: () => queries.invalidateQueries() })
}

export const useChangeRole = (organization: string) =>
  useChange(['members', organization], ({ user_id, role }: { user_id: string; role: Role }) =>
    api.patch('/organizations/{organization_id}/members/{user_id}', { params: { path: { organization_id: organization, user_id } }, body: { role } }),
  )

export const useRemoveMember = (organization: string) =>
  useChange(['members', organization], (user: string) => api.delete('/organizations/{organization_id}/members/{user_id}', { params: { path: { organization_id: organization, user_id: user } } }))

/** What changes with the second factor: its state, and what may be done in organizations that demand it. */
function useFactorChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => Promise.all([['second-factor'], ['sessions'], ['me'], ['projects']].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
}

export const secondFactorQuery = () => queryOptions({ queryKey: ['second-factor'], queryFn: ({ signal }) => api.get('/auth/second-factor', { signal }) })
export const useEnrol = () => useMutation({ mutationFn: (password: string) => api.post('/auth/second-factor', { body: { password } }) })
export const useConfirmSecondFactor = () => useFactorChange((code: string) => api.post('/auth/second-factor/confirmation', { body: { code } }))
export const useRenewCodes = () => useFactorChange((password: string) => api.post('/auth/second-factor/recovery-codes', { body: { password } }))
export const useDisableSecondFactor = () => useFactorChange((password: string) => api.post('/auth/second-factor/removal', { body: { password } }))
export const useProve = () => useMutation({ mutationFn: (body: Proof) => api.post('/auth/proof', { body }) })
export const useDemandSecondFactor = (organization: string) =>
  useChange(['organizations'], (requires_second_factor: boolean) => api.patch('/organizations/{organization_id}', { params: of(organization), body: { requires_second_factor } }))

export const useRequestReset = () => useMutation({ mutationFn: (email: string) => api.post('/auth/reset-request', { body: { email } }) })
export const useResetPassword = () => useMutation({ mutationFn: (body: ResetRequest) => api.post('/auth/reset', { body }) })
export const useRequestEmail = () => useMutation({ mutationFn: (body: EmailRequest) => api.post('/auth/email', { body }) })
export const useConfirmEmail = () => useMutation({ mutationFn: (token: string) => api.post('/auth/email/confirmation', { body: { token } }) })

export const usersQuery = (search: string) =>
  queryOptions({ queryKey: ['users', search], queryFn: ({ signal }) => everyPage((cursor) => api.get('/users', { params: { query: { search, cursor } }, signal }), 2000) })

const ofUser = (user_id: string) => ({ path: { user_id } })
export const useResetLink = () => useMutation({ mutationFn: (user: string) => api.post('/users/{user_id}/reset-link', { params: ofUser(user) }) })
export const useEmailLink = () =>
  useMutation({ mutationFn: ({ user, email }: { user: string; email: string }) => api.post('/users/{user_id}/email-link', { params: ofUser(user), body: { email } }) })
export const useEndSessions = () => useChange(['users'], (user: string) => api.delete('/users/{user_id}/sessions', { params: ofUser(user) }))
export const useRemoveSecondFactor = () => useChange(['users'], (user: string) => api.delete('/users/{user_id}/second-factor', { params: ofUser(user) }))

export const useChangeUser = () =>
  useChange(['users'], ({ user, change }: { user: string; change: UserChange }) => api.patch('/users/{user_id}', { params: ofUser(user), body: change }))

export const userSessionsQuery = (user: string) =>
  queryOptions({ queryKey: ['user-sessions', user], queryFn: async ({ signal }) => (await api.get('/users/{user_id}/sessions', { params: ofUser(user), signal })).items })

export const useEndUserSession = (user: string) =>
  useChange(['user-sessions', user], (session_id: string) => api.delete('/users/{user_id}/sessions/{session_id}', { params: { path: { user_id: user, session_id } } }))

export const belongingsQuery = () => queryOptions({ queryKey: ['belongings'], queryFn: ({ signal }) => api.get('/auth/belongings', { signal }), gcTime: 0 })
export const useDeactivate = () => useMutation({ mutationFn: () => api.post('/auth/deactivation', { body: {} }) })
export const useDeleteAccount = () => useMutation({ mutationFn: (body: DeletionRequest) => api.post('/auth/deletion', { body }) })

const EXPORT_STEPS_MS = 2_000

/** The exports of one's data; asked again while one is being written. */
export const exportsQuery = () =>
  queryOptions({
    queryKey: ['personal-exports'],
    queryFn: async ({ signal }) => (await api.get('/auth/exports', { signal })).items,
    refetchInterval: ({ state }) => ((state.data ?? []).some((item) => item.state === 'pending' || item.state === 'running') ? EXPORT_STEPS_MS : false),
  })

export const useStartExport = () => useChange(['personal-exports'], () => api.post('/auth/exports', { body: {} }))
export const useExportLink = () => useMutation({ mutationFn: (export_id: string) => api.post('/auth/exports/{export_id}/links', { params: { path: { export_id } } }) })

export const useOpenSignup = () => useChange(['instance'], (open_signup: boolean) => api.patch('/instance', { body: { open_signup } }))
export const useRevokeOtherSessions = () => useChange(['sessions'], () => api.delete('/auth/sessions'))
export const useChangePassword = () => useChange(['sessions'], (body: PasswordRequest) => api.put('/auth/password', { body }))
export const useRename = () => useChange(['me'], (name: string) => api.patch('/auth/me', { body: { name } }))
