// Owns the buttons that sign in with an identity provider.
import { useQuery } from '@tanstack/react-query'
import { ErrorNote } from '@/components/states'
import { providersQuery, useStartSignIn } from './providers-api'

export function ProviderButtons({ next, invitation }: { next: string | undefined; invitation?: string }) {
  const providers = useQuery(providersQuery()).data ?? []
  const start = useStartSignIn()
  if (providers.length === 0) return null
  return (
    <>
      <p className="or">or</p>
      {start.error && <ErrorNote error={start.error} />}
      {providers.map((provider) => (
        <button key={provider.id} type="button" className="btn wide" disabled={start.isPending} onClick={() => start.mutate({ provider: provider.id, next, invitation })}>
          Continue with {provider.name}
        </button>
      ))}
    </>
  )
}
