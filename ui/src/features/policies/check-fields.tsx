// Owns saying how snapshots are checked: verified by parts, restored in a drill, and when growth is worth an alert.
import { Segmented, TextField } from '@/components/field'
import type { Draft } from './draft'

const VERIFY: readonly { value: Draft['verify']; label: string }[] = [
  { value: 'off', label: 'Off' },
  { value: 'quick', label: 'Quick' },
  { value: 'deep', label: 'Deep' },
]

/** How long it takes until everything was read, in words. */
export function coverageText(days: string, percent: string): string | null {
  const [every, share] = [Number(days), Number(percent)]
  if (!(every > 0 && share > 0)) return null
  const whole = Math.ceil(100 / share) * every
  return whole > 30 ? `A full pass would take ${whole} days; the maximum is 30.` : `All data is read every ${whole} days.`
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
        <h3>Verify all snapshots</h3>
        <Segmented className="self-start" label="Verify all snapshots" value={draft.verify} options={VERIFY} onChange={(verify) => onChange({ verify })} />
        {error && <p className="t-del small">{error}</p>}
      </div>
      {draft.verify !== 'off' && (
        <div className="form-line">
          <TextField label="Every … days" inputMode="numeric" value={draft.verifyDays} onChange={(event) => onChange({ verifyDays: event.target.value })} />
          {draft.verify === 'deep' && <TextField label="Percent per run" inputMode="numeric" value={draft.verifyPercent} onChange={(event) => onChange({ verifyPercent: event.target.value })} />}
        </div>
      )}
      {draft.verify === 'deep' && <p className="dim small">{coverageText(draft.verifyDays, draft.verifyPercent)}</p>}
      <TextField
        label="Test restore every … days"
        inputMode="numeric"
        value={draft.drillDays}
        placeholder="Never"
        note="Restores the newest snapshot into a temporary database, counts its rows, and deletes it."
        onChange={(event) => onChange({ drillDays: event.target.value })}
      />
      <TextField
        label="Alert when a snapshot is … times larger than usual"
        inputMode="decimal"
        value={draft.growth}
        placeholder="Never"
        onChange={(event) => onChange({ growth: event.target.value })}
      />
    </section>
  )
}
