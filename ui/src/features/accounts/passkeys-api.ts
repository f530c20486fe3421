// Owns the requests of passkeys: creating, using and managing them.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { PasskeyResult } from '@/api/types'
import { api } from '@/lib/http'
import { setSession } from '@/lib/session'
import { createPasskey, getPasskey } from '@/lib/webauthn'

export const passkeysQuery = () => queryOptions({ queryKey: ['passkeys'], queryFn: async ({ signal }) => (await api.get('/auth/passkeys', { signal })).items })

/** Lets the user choose a passkey and use it; what comes of it is good for one request. */
export async function passkeyResult(): Promise<PasskeyResult> {
  const { options, ticket } = await api.post('/auth/passkeys/challenge')
  return { ticket, credential: await getPasskey(options) }
}

export function usePasskeySignIn() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (keep_account: boolean) => api.post('/auth/passkeys/sign-in', { body: { ...(await passkeyResult()), keep_account } }),
    onSuccess: (session) => {
      queries.clear()
      setSession(session)
    },
  })
}

function usePasskeyChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => Promise.all([['passkeys'], ['second-factor'], ['sessions'], ['me'], ['projects']].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
}

export const useCreatePasskey = () =>
  usePasskeyChange(async (name: string) => {
    const { options, ticket } = await api.post('/auth/passkeys/options')
    return api.post('/auth/passkeys', { body: { name, ticket, credential: await createPasskey(options) } })
  })

const of = (passkey_id: string) => ({ path: { passkey_id } })
export const useRenamePasskey = () => usePasskeyChange(({ id, name }: { id: string; name: string }) => api.patch('/auth/passkeys/{passkey_id}', { params: of(id), body: { name } }))
export const useDeletePasskey = () => usePasskeyChange((id: string) => api.delete('/auth/passkeys/{passkey_id}', { params: of(id) }))
