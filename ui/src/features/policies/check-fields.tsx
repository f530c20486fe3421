// Owns saying how snapshots are checked: verified by parts, restored in a drill, and when growth is worth an alert.
import { Segmented, TextField } from '@/components/field'
import type { Draft } from './draft'

const VERIFY: readonly { value: Draft['verify']; label: string }[] = [
  { value: 'off', label: 'Off' },
  { value: 'quick', label: 'Quick' },
  { value: 'deep', label: 'Deep' },
]

/** How long it takes until everything was read, in words. */
export function readText(days: string, percent: string): string | null {
  const [every, share] = [Number(days), Number(percent)]
  if (!(every > 0 && share > 0)) return null
  const whole = Math.ceil(100 / share) * every
  return whole > 30 ? `All would be read only in ${whole} days; 30 are the most.` : `All is read every ${whole} days.`
}

interface ChecksProps {
  draft: Draft
  error: string | undefined
  onChange: (change: Partial<Draft>) => void
}

export function CheckFields({ draft, error, onChange }: ChecksProps) {
  return (
    <section className="form-stack">
      <div className="formrow">
        <h3>Verify all of them</h3>
        <Segmented className="self-start" label="Verify all of them" value={draft.verify} options={VERIFY} onChange={(verify) => onChange({ verify })} />
        {error && <p className="t-del small">{error}</p>}
      </div>
      {draft.verify !== 'off' && (
        <div className="form-line">
          <TextField label="Every so many days" inputMode="numeric" value={draft.verifyDays} onChange={(event) => onChange({ verifyDays: event.target.value })} />
          {draft.verify === 'deep' && <TextField label="Percent each time" inputMode="numeric" value={draft.verifyPercent} onChange={(event) => onChange({ verifyPercent: event.target.value })} />}
        </div>
      )}
      {draft.verify === 'deep' && <p className="dim small">{readText(draft.verifyDays, draft.verifyPercent)}</p>}
      <TextField
        label="Restore drill every so many days"
        inputMode="numeric"
        value={draft.drillDays}
        placeholder="Never"
        note="The newest is restored into a new database, compared, and taken away."
        onChange={(event) => onChange({ drillDays: event.target.value })}
      />
      <TextField
        label="Alert when one adds so many times the usual"
        inputMode="decimal"
        value={draft.growth}
        placeholder="Never"
        onChange={(event) => onChange({ growth: event.target.value })}
      />
    </section>
  )
}
