// Owns the webhook of a codebase: its address, a new secret that is shown once, and ending it.
import type { GitSource } from '@/api/types'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { copyText } from '@/lib/download'
import { asApiError } from '@/lib/problem'
import { useWebhook } from './api'

function Value({ label, text }: { label: string; text: string }) {
  return (
    <div className="formrow">
      <span>{label}</span>
      <span className="row">
        <code className="cut grow">{text}</code>
        <button type="button" className="btn" aria-label={`Copy ${label}`} onClick={() => void copyText(text, label)}>
          Copy
        </button>
      </span>
    </div>
  )
}

export function WebhookDialog({ codebase, source, onClose }: { codebase: string; source: GitSource; onClose: () => void }) {
  const webhook = useWebhook(codebase)
  const made = webhook.data
  return (
    <Dialog
      title="Webhook"
      description="Enter address and secret at GitHub, GitLab, Gitea or Forgejo, for pushes, as JSON. A push to the branch then starts a scan."
      open
      onOpenChange={(open) => !open && onClose()}
    >
      <div className="form-stack">
        {webhook.error && <ErrorNote error={asApiError(webhook.error)} />}
        <Value label="Address" text={window.location.origin + source.webhook_path} />
        {made ? (
          <>
            <Value label="Secret" text={made.secret} />
            <p className="small dim" role="status">
              The secret is shown only now. An earlier one is no longer valid.
            </p>
          </>
        ) : (
          <p className="dim">{source.webhook ? 'The webhook is on. Its secret is not shown again.' : 'The webhook is off.'}</p>
        )}
        <footer>
          {source.webhook && (
            <button type="button" className="btn danger" disabled={webhook.isPending} onClick={() => webhook.mutate(false)}>
              Turn off
            </button>
          )}
          <button type="button" className="btn primary" disabled={webhook.isPending} onClick={() => webhook.mutate(true)}>
            {source.webhook ? 'New secret' : 'Turn on'}
          </button>
        </footer>
      </div>
    </Dialog>
  )
}
