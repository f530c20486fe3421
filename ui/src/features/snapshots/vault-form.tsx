// Owns saying where new snapshots go: the server's own disk, or a bucket; the place is tried before it is kept.
import { useState, type FormEvent } from 'react'
import { toast } from 'sonner'
import type { Vault, VaultPlace } from '@/api/types'
import { Segmented } from '@/components/field'
import { Panel } from '@/components/page'
import { ErrorNote } from '@/components/states'
import { asApiError } from '@/lib/problem'
import { useChangeVault } from './api'
import { BucketFields, isBucketComplete } from './bucket-fields'

const KINDS: readonly { value: VaultPlace['kind']; label: string }[] = [
  { value: 'local', label: 'Local disk' },
  { value: 's3', label: 'S3 bucket' },
]

const given = (vault: Vault): VaultPlace => ({
  kind: vault.kind,
  folder: vault.folder,
  bucket: vault.bucket,
  prefix: vault.prefix,
  endpoint: vault.endpoint,
  region: vault.region || 'us-east-1',
  access_key: vault.access_key,
  secret_key: '',
})

interface FormProps {
  organization: string
  vault: Vault
  canChange: boolean
}

export function VaultForm({ organization, vault, canChange }: FormProps) {
  const [place, setPlace] = useState(() => given(vault))
  const change = useChangeVault(organization)
  const failure = change.error ? asApiError(change.error) : null
  const whole = place.kind === 'local' || isBucketComplete(place)
  const save = (event: FormEvent) => {
    event.preventDefault()
    change.mutate(place.kind === 'local' ? { ...place, bucket: '', prefix: '', endpoint: '', access_key: '', secret_key: '' } : place, {
      onSuccess: () => toast.success('Storage tested and saved'),
    })
  }
  return (
    <Panel title="Location of new snapshots" aside={canChange ? undefined : 'Only an admin can change this'}>
      <form className="form-stack p-4" onSubmit={save}>
        {failure && Object.keys(failure.fields).length === 0 && <ErrorNote error={failure} />}
        <fieldset disabled={!canChange} className="form-stack">
          <Segmented className="self-start" label="Storage type" value={place.kind} options={KINDS} onChange={(kind) => setPlace({ ...place, kind })} />
          {place.kind === 'local' ? (
            <p className="dim">Snapshots are stored encrypted on the disk of this server{vault.folder && `, in ${vault.folder},`} and are lost with it. Use a bucket for backups that must survive.</p>
          ) : (
            <div className="grid gap-4 md:grid-cols-2">
              <BucketFields value={place} errors={failure?.fields} onChange={setPlace} />
            </div>
          )}
        </fieldset>
        {canChange && (
          <div className="row flex-wrap">
            <p className="dim small grow">A test object is written, read and deleted before saving. Existing snapshots are not moved.</p>
            <button type="submit" className="btn primary" disabled={change.isPending || !whole}>
              {change.isPending ? 'Testing…' : 'Test and save'}
            </button>
          </div>
        )}
      </form>
    </Panel>
  )
}
