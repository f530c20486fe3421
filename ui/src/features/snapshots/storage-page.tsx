// Owns the settings of where an organization's snapshots are: the place, what they take there, the keys that open it.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { Organization, Vault } from '@/api/types'
import { PageFrame, Panel } from '@/components/page'
import { ErrorNote, Loaded } from '@/components/states'
import { OneOrganization } from '@/features/accounts/one-organization'
import { bytes, count, plural } from '@/lib/format'
import { usageQuery, vaultQuery } from './api'
import { times } from './history'
import { VaultCompression } from './vault-compression'
import { VaultForm } from './vault-form'
import { VaultKeys } from './vault-keys'

const place = (vault: Vault): string => (vault.kind === 'local' ? "This Headwater's own disk" : [vault.bucket, vault.prefix].filter(Boolean).join('/'))

function Sums({ vault }: { vault: Vault }) {
  const more = times(vault.stored_bytes, vault.new_bytes)
  return (
    <dl className="panel strip">
      <div>
        <dt>Place</dt>
        <dd className="min-w-0">
          <span className="cut" title={place(vault)}>
            {place(vault)}
          </span>
        </dd>
      </div>
      <div>
        <dt>Snapshots</dt>
        <dd>{count(vault.snapshots)}</dd>
      </div>
      <div>
        <dt>They store</dt>
        <dd>{bytes(vault.new_bytes)}</dd>
      </div>
      <div>
        <dt>Without sharing</dt>
        <dd>
          {bytes(vault.stored_bytes)} <small>{more && `${more} as much`}</small>
        </dd>
      </div>
    </dl>
  )
}

function Usage({ organization }: { organization: string }) {
  const usage = useQuery({ ...usageQuery(organization), enabled: false })
  return (
    <Panel title="Counted in the storage itself">
      <div className="row flex-wrap p-4">
        {usage.data ? <p className="grow">{`${bytes(usage.data.bytes)} in ${plural(usage.data.packs, 'pack')}, for ${plural(usage.data.snapshots, 'snapshot')}.`}</p> : <p className="dim grow">Lists everything in the vault: slow where it is large and far away.</p>}
        <button type="button" className="btn" disabled={usage.isFetching} onClick={() => void usage.refetch()}>
          {usage.isFetching ? 'Counting…' : 'Count'}
        </button>
      </div>
      {usage.error && (
        <div className="p-4 pt-0">
          <ErrorNote error={usage.error} />
        </div>
      )}
    </Panel>
  )
}

function StorageOf({ organization }: { organization: Organization }) {
  const vault = useQuery(vaultQuery(organization.id))
  const isAdmin = organization.role === 'owner' || organization.role === 'admin'
  return (
    <Loaded query={vault} rows={6}>
      {(data) => (
        <>
          <Sums vault={data} />
          <VaultForm key={data.id ?? 'first'} organization={organization.id} vault={data} canChange={isAdmin} />
          <VaultCompression organization={organization.id} vault={data} canChange={isAdmin} />
          <VaultKeys organization={organization.id} made={data.id !== null} canChange={isAdmin} />
          {data.id !== null && <Usage organization={organization.id} />}
        </>
      )}
    </Loaded>
  )
}

const route = getRouteApi('/shell/settings/storage')

export function StoragePage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <PageFrame title="Storage of snapshots">
      <OneOrganization chosen={search.organization} onChoose={(organization) => void navigate({ search: { organization } })}>
        {(organization) => <StorageOf key={organization.id} organization={organization} />}
      </OneOrganization>
    </PageFrame>
  )
}
