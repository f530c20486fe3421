// Owns inviting an address to an organization; the link is shown once, here.
import { Copy } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import type { Role } from '@/api/types'
import { SelectField, TextField } from '@/components/field'
import { Dialog } from '@/components/ui/dialog'
import { copyText } from '@/lib/download'
import { day } from '@/lib/format'
import { asApiError, errorText } from '@/lib/problem'
import { useInvite } from './api'
import { ROLE_OPTIONS } from './roles'

export function InviteForm({ organization }: { organization: string }) {
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('member')
  const invite = useInvite(organization)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    invite.mutate({ email: email.trim(), role, expires_in_days: 7 }, { onSuccess: () => setEmail('') })
  }
  const error = invite.error ? (asApiError(invite.error).fields['email'] ?? errorText(invite.error)) : undefined
  return (
    <form className="form-line" onSubmit={submit} aria-label="Invite a member">
      <TextField label="Email" type="email" value={email} required onChange={(event) => setEmail(event.target.value)} error={error} />
      <SelectField label="Role" value={role} options={ROLE_OPTIONS} onChange={(value) => setRole(value as Role)} />
      <button type="submit" className="btn primary" disabled={invite.isPending || !email.trim()}>
        Invite
      </button>
      {invite.data && (
        <Dialog
          title={`Invitation for ${invite.data.invitation.email}`}
          description={`Send them this link. It is valid once, until ${day(invite.data.invitation.expires_at)}, and is not shown again.`}
          open
          onOpenChange={() => invite.reset()}
        >
          <div className="secret">
            <code className="grow">{invite.data.url}</code>
            <button type="button" className="btn" onClick={() => void copyText(invite.data.url, 'Link')}>
              <Copy className="i" aria-hidden="true" />
              Copy
            </button>
          </div>
        </Dialog>
      )}
    </form>
  )
}
