// Owns the settings of an organization's snapshot storage: location, size, compression and encryption keys.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { Organization, Vault } from '@/api/types'
import { PageFrame, Panel } from '@/components/page'
import { ErrorNote, Loaded } from '@/components/states'
import { OrganizationPicker } from '@/features/accounts/organization-picker'
import { bytes, count, plural } from '@/lib/format'
import { usageQuery, vaultQuery } from './api'
import { DetachedSnapshots } from './detached-snapshots'
import { OpenVault } from './open-vault'
import { OtherVaults } from './other-vaults'
import { ratioText } from './timeline-data'
import { locationOf } from './vault-location'
import { VaultCompression } from './vault-compression'
import { VaultForm } from './vault-form'
import { VaultKeys } from './vault-keys'

function Sums({ vault }: { vault: Vault }) {
  const more = ratioText(vault.stored_bytes, vault.new_bytes)
  return (
    <dl className="panel strip">
      <div>
        <dt>Location</dt>
        <dd className="min-w-0">
          <span className="cut" title={locationOf(vault)}>
            {locationOf(vault)}
          </span>
        </dd>
      </div>
      <div>
        <dt>Snapshots</dt>
        <dd>{count(vault.snapshots)}</dd>
      </div>
      <div>
        <dt>Stored</dt>
        <dd>{bytes(vault.new_bytes)}</dd>
      </div>
      <div>
        <dt>Size without deduplication</dt>
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
    <Panel title="Measure storage">
      <div className="row flex-wrap p-4">
        {usage.data ? <p className="grow">{`${bytes(usage.data.bytes)} in ${plural(usage.data.packs, 'pack')}, for ${plural(usage.data.snapshots, 'snapshot')}.`}</p> : <p className="dim grow">Lists every object in the vault. Can be slow for large or remote storage.</p>}
        <button type="button" className="btn" disabled={usage.isFetching} onClick={() => void usage.refetch()}>
          {usage.isFetching ? 'Measuring…' : 'Measure'}
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
          {isAdmin && <OpenVault organization={organization.id} />}
          <OtherVaults organization={organization.id} canChange={isAdmin} />
          <DetachedSnapshots organization={organization.id} canRestore={organization.role !== 'viewer'} />
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
    <PageFrame title="Snapshot storage">
      <OrganizationPicker chosen={search.organization} onChoose={(organization) => void navigate({ search: { organization } })}>
        {(organization) => <StorageOf key={organization.id} organization={organization} />}
      </OrganizationPicker>
    </PageFrame>
  )
}
