// Owns deactivating one's account, and asking for its deletion.
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { toast } from 'sonner'
import { Panel } from '@/components/page'
import { ConfirmDialog } from '@/components/ui/dialog'
import { setSession } from '@/lib/session'
import { useDeactivate } from './api'
import { DeleteAccountDialog } from './delete-account-dialog'

/** What follows when the account has ended: nobody is signed in any more. */
export function useLeave(): (message: string) => void {
  const queries = useQueryClient()
  const navigate = useNavigate()
  return (message) => {
    setSession(null)
    toast.success(message)
    void navigate({ to: '/sign-in' }).then(() => queries.clear())
  }
}

export function LeavingPanel() {
  const [open, setOpen] = useState<'deactivate' | 'delete' | null>(null)
  const deactivate = useDeactivate()
  const leave = useLeave()
  return (
    <Panel title="Leaving">
      <div className="row p-4">
        <p className="grow dim">A deactivated account cannot be used until an administrator activates it again. A deleted account is gone after a grace period.</p>
        <button type="button" className="btn" onClick={() => setOpen('deactivate')}>
          Deactivate
        </button>
        <button type="button" className="btn danger" onClick={() => setOpen('delete')}>
          Delete account
        </button>
      </div>
      <ConfirmDialog
        title="Deactivate your account?"
        text="All your sessions end and your API keys stop working at once. Only an administrator can activate the account again."
        action="Deactivate"
        open={open === 'deactivate'}
        onOpenChange={(next) => setOpen(next ? 'deactivate' : null)}
        onConfirm={() => deactivate.mutateAsync(undefined, { onSuccess: () => leave('Your account is deactivated') })}
      />
      {open === 'delete' && <DeleteAccountDialog onClose={() => setOpen(null)} onDeleted={leave} />}
    </Panel>
  )
}
