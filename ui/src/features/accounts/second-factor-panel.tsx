// Owns turning the second factor on and off: password, QR code, first code, recovery codes.
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import type { Enrolment, SecondFactor } from '@/api/types'
import { TextField } from '@/components/field'
import { Panel } from '@/components/page'
import { ErrorNote, Loaded } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { day } from '@/lib/format'
import { asApiError } from '@/lib/problem'
import { meQuery, secondFactorQuery, useConfirmSecondFactor, useDisableSecondFactor, useEnrol, useRenewCodes } from './api'
import { RecoveryCodes } from './recovery-codes'

interface EntryProps {
  label: string
  field: 'password' | 'code'
  action: string
  error: unknown
  busy: boolean
  onEnter: (text: string) => void
  children?: ReactNode
}

function Entry({ label, field, action, error, busy, onEnter, children }: EntryProps) {
  const [text, setText] = useState('')
  // Who has no password proves it in another way, which the server asks for.
  const isAsked = useQuery(meQuery()).data?.has_password !== false || field === 'code'
  const failure = error ? asApiError(error) : null
  const message = failure?.fields[field]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onEnter(text)
  }
  return (
    <form className="form-stack" onSubmit={submit}>
      {children}
      {failure && !message && <ErrorNote error={failure} />}
      {isAsked && (
        <TextField
          label={label}
          type={field === 'password' ? 'password' : 'text'}
          inputMode={field === 'code' ? 'numeric' : undefined}
          autoComplete={field === 'password' ? 'current-password' : 'one-time-code'}
          required
          autoFocus
          value={text}
          onChange={(event) => setText(event.target.value)}
          error={message}
        />
      )}
      <footer>
        <button type="submit" className="btn primary" disabled={busy || (isAsked && !text)}>
          {action}
        </button>
      </footer>
    </form>
  )
}

function Secret({ enrolment }: { enrolment: Enrolment }) {
  return (
    <>
      <p>Scan this code with your authenticator app, or enter the secret.</p>
      <img className="self-center" width={220} height={220} alt="QR code of the secret" src={`data:image/svg+xml;utf8,${encodeURIComponent(enrolment.qr_svg)}`} />
      <code className="secret mono">{enrolment.secret}</code>
    </>
  )
}

function EnableDialog({ onClose }: { onClose: () => void }) {
  const enrol = useEnrol()
  const confirm = useConfirmSecondFactor()
  const codes = confirm.data?.recovery_codes
  return (
    <Dialog title="Turn on the second factor" open onOpenChange={(open) => !open && onClose()}>
      {codes ? (
        <RecoveryCodes codes={codes} onClose={onClose} />
      ) : enrol.data ? (
        <Entry key="code" label="Code" field="code" action="Turn on" error={confirm.error} busy={confirm.isPending} onEnter={(code) => confirm.mutate(code)}>
          <Secret enrolment={enrol.data} />
        </Entry>
      ) : (
        <Entry key="password" label="Your password" field="password" action="Go on" error={enrol.error} busy={enrol.isPending} onEnter={(password) => enrol.mutate(password)} />
      )}
    </Dialog>
  )
}

function DisableDialog({ onClose }: { onClose: () => void }) {
  const disable = useDisableSecondFactor()
  return (
    <Dialog title="Turn off the second factor" description="Your password alone will then be enough to sign in." open onOpenChange={(open) => !open && onClose()}>
      <Entry
        label="Your password"
        field="password"
        action="Turn off"
        error={disable.error}
        busy={disable.isPending}
        onEnter={(password) => disable.mutate(password, { onSuccess: onClose })}
      />
    </Dialog>
  )
}

function CodesDialog({ onClose }: { onClose: () => void }) {
  const renew = useRenewCodes()
  return (
    <Dialog title="New recovery codes" description="Those from before are no longer valid." open onOpenChange={(open) => !open && onClose()}>
      {renew.data ? (
        <RecoveryCodes codes={renew.data.recovery_codes} onClose={onClose} />
      ) : (
        <Entry label="Your password" field="password" action="Make new codes" error={renew.error} busy={renew.isPending} onEnter={(password) => renew.mutate(password)} />
      )}
    </Dialog>
  )
}

type Open = 'enable' | 'disable' | 'codes' | null

function statusText(factor: SecondFactor): string {
  const left = `${factor.recovery_codes} recovery codes are left.`
  if (factor.enabled) return `On since ${day(factor.since ?? '')}. ${left}`
  if (factor.passkeys > 0) return `Your passkeys are your second factor. ${left} You can add codes of an authenticator app.`
  return 'Off. With it, signing in also takes a code of an authenticator app.'
}

function Status({ factor, onOpen }: { factor: SecondFactor; onOpen: (open: Open) => void }) {
  return (
    <div className="row flex-wrap p-4">
      <p className="grow basis-60">
        {statusText(factor)}
      </p>
      {(factor.enabled || factor.passkeys > 0) && (
        <button type="button" className="btn" onClick={() => onOpen('codes')}>
          New recovery codes
        </button>
      )}
      <button type="button" className={factor.enabled ? 'btn danger' : 'btn primary'} onClick={() => onOpen(factor.enabled ? 'disable' : 'enable')}>
        {factor.enabled ? 'Turn off' : 'Turn on'}
      </button>
    </div>
  )
}

export function SecondFactorPanel() {
  const factor = useQuery(secondFactorQuery())
  const [open, setOpen] = useState<Open>(null)
  const close = () => setOpen(null)
  return (
    <Panel title="Second factor">
      <Loaded query={factor} rows={1}>
        {(data) => <Status factor={data} onOpen={setOpen} />}
      </Loaded>
      {open === 'enable' && <EnableDialog onClose={close} />}
      {open === 'disable' && <DisableDialog onClose={close} />}
      {open === 'codes' && <CodesDialog onClose={close} />}
    </Panel>
  )
}
