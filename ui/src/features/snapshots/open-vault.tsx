// Owns opening a vault that another Headwater wrote, and the list of what it holds.
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { toast } from 'sonner'
import type { OpenedVault, StoredSnapshot, VaultToOpen } from '@/api/types'
import { Segmented, SelectField, TextField } from '@/components/field'
import { Panel, TableHead, TableScroll } from '@/components/page'
import { ErrorNote } from '@/components/states'
import { projectsQuery } from '@/features/projects/api'
import { bytes, count, moment, plural } from '@/lib/format'
import { asApiError } from '@/lib/problem'
import { useOpenVault } from './api'
import { BucketFields, isBucketComplete } from './bucket-fields'

const KINDS = [
  { value: 'local', label: 'Folder' },
  { value: 's3', label: 'S3 bucket' },
] as const
const SECRETS = [
  { value: 'passphrase', label: 'Passphrase' },
  { value: 'key', label: 'Key file' },
] as const
type SecretKind = (typeof SECRETS)[number]['value']

const EMPTY: VaultToOpen = {
  kind: 'local',
  folder: '',
  bucket: '',
  prefix: '',
  endpoint: '',
  region: 'us-east-1',
  access_key: '',
  secret_key: '',
  passphrase: '',
  key: '',
  project_id: null,
  read_only: false,
  take_over: false,
  former_organization_id: null,
}
const COLUMNS = [{ name: 'Taken' }, { name: 'Database' }, { name: 'Organization' }, { name: 'Rows', className: 'num' }, { name: 'Stored', className: 'num' }, { name: 'State' }]
const STATES: Record<StoredSnapshot['state'], string> = { whole: 'Complete', incomplete: 'Incomplete', damaged: 'Damaged' }
const UNKNOWN = 'Unknown'

export const isComplete = (vault: VaultToOpen): boolean => Boolean(vault.passphrase || vault.key?.trim()) && (vault.kind === 's3' ? isBucketComplete(vault) : Boolean(vault.folder?.trim()))

function SnapshotRow({ snapshot }: { snapshot: StoredSnapshot }) {
  return (
    <tr>
      <td>{snapshot.taken_at ? moment(snapshot.taken_at) : UNKNOWN}</td>
      <td className="cut w-full max-w-0">{[snapshot.database_name ?? UNKNOWN, snapshot.label].filter(Boolean).join(' · ')}</td>
      <td className="dim">{snapshot.organization ?? UNKNOWN}</td>
      <td className="num">{snapshot.rows === null ? '' : count(snapshot.rows)}</td>
      <td className="num">{snapshot.stored_bytes === null ? '' : bytes(snapshot.stored_bytes)}</td>
      <td className={snapshot.state === 'whole' ? 'dim' : 't-del'} title={snapshot.problem ?? undefined}>
        {STATES[snapshot.state]}
      </td>
    </tr>
  )
}

export function VaultContents({ opened }: { opened: OpenedVault }) {
  const { vault, snapshots, added, recovery_manifests } = opened
  return (
    <>
      <p className="p-4">
        {`${plural(snapshots.length, 'snapshot')} in the vault, ${count(added)} added here. `}
        {vault.read_only ? 'The vault is open read-only; new snapshots are stored where they were. ' : 'New snapshots are stored in this vault. '}
        {recovery_manifests > 0 && `${plural(recovery_manifests, 'base backup or log', 'base backups and logs')} of point-in-time recovery in it cannot be used here.`}
      </p>
      {snapshots.length > 0 && (
        <TableScroll label="Snapshots of the vault">
          <table className="table tall">
            <TableHead columns={COLUMNS} />
            <tbody>
              {snapshots.map((snapshot) => (
                <SnapshotRow key={snapshot.id} snapshot={snapshot} />
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
    </>
  )
}

function SecretFields({ vault, errors, onChange }: { vault: VaultToOpen; errors: Record<string, string> | undefined; onChange: (vault: VaultToOpen) => void }) {
  const [kind, setKind] = useState<SecretKind>('passphrase')
  const choose = (chosen: SecretKind) => {
    setKind(chosen)
    onChange({ ...vault, passphrase: '', key: '' })
  }
  return (
    <>
      <Segmented className="self-start" label="Open with" value={kind} options={SECRETS} onChange={choose} />
      {kind === 'passphrase' ? (
        <TextField
          label="Passphrase"
          type="password"
          autoComplete="off"
          note="One that was added to the vault."
          value={vault.passphrase}
          error={errors?.['passphrase']}
          onChange={(event) => onChange({ ...vault, passphrase: event.target.value })}
        />
      ) : (
        <TextField
          label="Content of envelope.key"
          type="password"
          autoComplete="off"
          note="The key file in the home folder of the Headwater that wrote the vault."
          value={vault.key}
          error={errors?.['key']}
          onChange={(event) => onChange({ ...vault, key: event.target.value })}
        />
      )}
    </>
  )
}

function Choices({ organization, vault, inUse, onChange }: { organization: string; vault: VaultToOpen; inUse: boolean; onChange: (vault: VaultToOpen) => void }) {
  const projects = useQuery(projectsQuery()).data?.filter((project) => project.organization_id === organization) ?? []
  const options = [{ value: '', label: 'Oldest project' }, ...projects.map((project) => ({ value: project.id, label: project.name }))]
  return (
    <>
      <SelectField label="Project for its snapshots" value={vault.project_id ?? ''} options={options} onChange={(id) => onChange({ ...vault, project_id: id || null })} />
      <label className="row">
        <input type="checkbox" checked={vault.read_only} onChange={(event) => onChange({ ...vault, read_only: event.target.checked })} />
        Open read-only: write nothing into the vault
      </label>
      {(inUse || vault.take_over) && (
        <label className="row">
          <input type="checkbox" checked={vault.take_over} onChange={(event) => onChange({ ...vault, take_over: event.target.checked })} />
          Take over: the other Headwater is gone for good
        </label>
      )}
    </>
  )
}

export function OpenVault({ organization }: { organization: string }) {
  const [vault, setVault] = useState<VaultToOpen | null>(null)
  const open = useOpenVault(organization)
  const failure = open.error ? asApiError(open.error) : null
  const unplaced = failure && !Object.keys(failure.fields).some((field) => field in EMPTY)
  const save = (event: FormEvent) => {
    event.preventDefault()
    if (vault)
      open.mutate(vault, {
        onSuccess: () => {
          toast.success('Vault opened')
          setVault(null)
        },
      })
  }
  const start = (
    <button type="button" className="btn" onClick={() => setVault(EMPTY)}>
      Open vault
    </button>
  )
  return (
    <Panel title="Open an existing vault" aside={vault ? undefined : start}>
      {!vault && !open.data && <p className="dim p-4">Opens a vault that another Headwater wrote, for example one whose machine is gone. Its snapshots can then be restored here.</p>}
      {!vault && open.data && <VaultContents opened={open.data} />}
      {vault && (
        <form className="form-stack p-4" onSubmit={save}>
          {unplaced && <ErrorNote error={failure} />}
          <Segmented className="self-start" label="Storage type" value={vault.kind} options={KINDS} onChange={(kind) => setVault({ ...vault, kind })} />
          {vault.kind === 'local' ? (
            <TextField
              label="Folder"
              spellCheck={false}
              note="Full path on the machine of the server. Only the administrator of this instance may name one."
              value={vault.folder}
              error={failure?.fields['folder']}
              onChange={(event) => setVault({ ...vault, folder: event.target.value })}
            />
          ) : (
            <div className="grid gap-4 md:grid-cols-2">
              <BucketFields value={vault} errors={failure?.fields} onChange={setVault} />
            </div>
          )}
          <SecretFields vault={vault} errors={failure?.fields} onChange={setVault} />
          <Choices organization={organization} vault={vault} inUse={failure?.code === 'vault_in_use'} onChange={setVault} />
          {failure?.hint && !unplaced && <p className="dim small">{failure.hint}</p>}
          <div className="row flex-wrap">
            <span className="grow" />
            <button type="button" className="btn" onClick={() => setVault(null)}>
              Cancel
            </button>
            <button type="submit" className="btn primary" disabled={open.isPending || !isComplete(vault)}>
              {open.isPending ? 'Opening…' : 'Open'}
            </button>
          </div>
        </form>
      )}
    </Panel>
  )
}
