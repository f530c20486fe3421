// Owns dialogs: Radix gives focus, Escape and labelling; a question that destroys something asks by name.
import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { withErrorToast } from '@/lib/download'

interface DialogProps {
  title: string
  description?: string
  open: boolean
  onOpenChange: (open: boolean) => void
  children: ReactNode
}

export function Dialog({ title, description, open, onOpenChange, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content className="dialog" {...(description ? {} : { 'aria-describedby': undefined })}>
          <header>
            <Radix.Title>{title}</Radix.Title>
            <Radix.Close className="btn ghost icon end" aria-label="Close">
              <X className="i" aria-hidden="true" />
            </Radix.Close>
          </header>
          {description && <Radix.Description className="dim">{description}</Radix.Description>}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

interface ConfirmProps {
  title: string
  text: string
  action: string
  open: boolean
  onOpenChange: (open: boolean) => void
  onConfirm: () => Promise<unknown>
}

/** Asks before something is lost. */
export function ConfirmDialog({ title, text, action, open, onOpenChange, onConfirm }: ConfirmProps) {
  const [busy, setBusy] = useState(false)
  const confirm = async () => {
    setBusy(true)
    await withErrorToast(async () => {
      await onConfirm()
      onOpenChange(false)
    })
    setBusy(false)
  }
  return (
    <Dialog title={title} description={text} open={open} onOpenChange={onOpenChange}>
      <footer>
        <button type="button" className="btn" onClick={() => onOpenChange(false)}>
          Cancel
        </button>
        <button type="button" className="btn danger" disabled={busy} onClick={() => void confirm()}>
          {action}
        </button>
      </footer>
    </Dialog>
  )
}
