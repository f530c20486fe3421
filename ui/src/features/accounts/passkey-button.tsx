// Owns the button that uses a passkey: to sign in, as the second step, or as a proof.
import { whyNoPasskeys } from '@/lib/webauthn'

interface PasskeyButtonProps {
  busy: boolean
  wide?: boolean
  label?: string
  onUse: () => void
}

export function PasskeyButton({ busy, wide = true, label = 'Use a passkey', onUse }: PasskeyButtonProps) {
  if (whyNoPasskeys()) return null
  return (
    <button type="button" className={wide ? 'btn wide' : 'btn'} disabled={busy} onClick={onUse}>
      {label}
    </button>
  )
}
