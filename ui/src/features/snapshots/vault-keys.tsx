// Owns the keys of a vault: the ways to open it, adding a recovery passphrase, removing one.
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { toast } from 'sonner'
import type { VaultKey } from '@/api/types'
import { TextField } from '@/components/field'
import { Panel, TableHead, TableScroll } from '@/components/page'
import { EmptyState, ErrorNote, Loaded } from '@/components/states'
import { ConfirmDialog, Dialog } from '@/components/ui/dialog'
import { asApiError } from '@/lib/problem'
import { keysQuery, useAddPassphrase, useRemoveKey } from './api'

const KINDS: Record<VaultKey['kind'], string> = { passphrase: 'Passphrase', key: 'Key of this server', service: 'Key service' }
const FEWEST = 12

function PassphraseDialog({ organization, onClose }: { organization: string; onClose: () => void }) {
  const [passphrase, setPassphrase] = useState('')
  const [again, setAgain] = useState('')
  const [label, setLabel] = useState('')
  const add = useAddPassphrase(organization)
  const failure = add.error ? asApiError(add.error) : null
  const differs = again !== '' && again !== passphrase
  const save = (event: FormEvent) => {
    event.preventDefault()
    add.mutate(
      { passphrase, label: label.trim() },
      {
        onSuccess: () => {
          toast.success('Passphrase added')
          onClose()
        },
      },
    )
  }
  return (
    <Dialog title="Add a recovery passphrase" description="The passphrase opens the vault without this server. Keep it somewhere else; it is not shown again." open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={save}>
        {failure && Object.keys(failure.fields).length === 0 && <ErrorNote error={failure} />}
        <TextField
          label="Passphrase"
          type="password"
          autoComplete="new-password"
          autoFocus
          required
          minLength={FEWEST}
          note={`At least ${FEWEST} characters.`}
          value={passphrase}
          error={failure?.fields['passphrase']}
          onChange={(event) => setPassphrase(event.target.value)}
        />
        <TextField label="Repeat passphrase" type="password" autoComplete="new-password" required value={again} error={differs ? 'The passphrases do not match.' : undefined} onChange={(event) => setAgain(event.target.value)} />
        <TextField label="Label" value={label} maxLength={200} placeholder="Safe in the office" onChange={(event) => setLabel(event.target.value)} />
        <footer>
          <button type="submit" className="btn primary" disabled={add.isPending || passphrase.length < FEWEST || again !== passphrase}>
            {add.isPending ? 'Adding…' : 'Add passphrase'}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

function KeyRow({ organization, slot, canRemove }: { organization: string; slot: VaultKey; canRemove: boolean }) {
  const [asking, setAsking] = useState(false)
  const remove = useRemoveKey(organization)
  const name = slot.label || KINDS[slot.kind]
  return (
    <tr>
      <td className="cut w-full max-w-0">{name}</td>
      <td className="dim">{KINDS[slot.kind]}</td>
      <td className="num">
        {canRemove && (
          <button type="button" className="btn" aria-label={`Remove ${name}`} onClick={() => setAsking(true)}>
            Remove
          </button>
        )}
        <ConfirmDialog
          title={`Remove ${name}?`}
          text="The vault can no longer be opened with this key. Stored data does not change."
          action="Remove key"
          open={asking}
          onOpenChange={setAsking}
          onConfirm={() => remove.mutateAsync(slot.id)}
        />
      </td>
    </tr>
  )
}

export function VaultKeys({ organization, made, canChange }: { organization: string; made: boolean; canChange: boolean }) {
  const keys = useQuery({ ...keysQuery(organization), enabled: made })
  const [adding, setAdding] = useState(false)
  const spare = !keys.data?.some((one) => one.kind !== 'key')
  return (
    <Panel
      title="Encryption keys"
      aside={
        canChange && made ? (
          <button type="button" className="btn" onClick={() => setAdding(true)}>
            Add passphrase
          </button>
        ) : undefined
      }
    >
      {made ? (
        <Loaded query={keys} rows={2}>
          {(slots) => (
            <>
              <TableScroll label="Keys of the vault">
                <table className="table tall">
                  <TableHead columns={[{ name: 'Label' }, { name: 'Kind' }, { name: 'Action', unseen: true }]} />
                  <tbody>
                    {slots.map((slot) => (
                      <KeyRow key={slot.id} organization={organization} slot={slot} canRemove={canChange && slot.kind !== 'key' && slots.length > 1} />
                    ))}
                  </tbody>
                </table>
              </TableScroll>
              {spare && <p className="t-warn small p-4">Only this server can open the vault. Add a passphrase so you can restore snapshots without it.</p>}
            </>
          )}
        </Loaded>
      ) : (
        <EmptyState text="The vault and its first key are created with the first snapshot." />
      )}
      {adding && <PassphraseDialog organization={organization} onClose={() => setAdding(false)} />}
    </Panel>
  )
}
