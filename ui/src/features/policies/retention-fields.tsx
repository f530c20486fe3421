// Owns saying which snapshots are kept, and shows of each that is there what would become of it and why.
import type { PlannedSnapshot, PolicyPreview } from '@/api/types'
import { Segmented, TextField } from '@/components/field'
import { moment, plural } from '@/lib/format'
import { PERIODS, RULES, withRules, type Draft, type Period } from './draft'

const LABELS: Record<Period, string> = { last: 'Last', hourly: 'Hourly', daily: 'Daily', weekly: 'Weekly', monthly: 'Monthly', yearly: 'Yearly' }

const KEEPS: readonly { value: Draft['keeps']; label: string }[] = [
  { value: 'all', label: 'Everything' },
  { value: 'rules', label: 'By rules' },
]

function Planned({ one }: { one: PlannedSnapshot }) {
  return (
    <li>
      <p className="row">
        <time dateTime={one.taken_at} className="shrink-0">
          {moment(one.taken_at)}
        </time>
        <span className="dim cut">{one.label}</span>
        <span className={`end ${one.keep ? 'dim' : 't-del'}`}>{one.keep ? 'Kept' : 'Deleted'}</span>
      </p>
      <p className="dim">{one.reasons.join(', ')}</p>
    </li>
  )
}

/** What would become of the snapshots that are there: those that go first, since they are what one looks for. */
export function Outcome({ preview }: { preview: PolicyPreview }) {
  const { kept, deleted, snapshots } = preview
  if (kept + deleted === 0) return <p className="dim small">There are no snapshots yet.</p>
  const going = snapshots.filter((one) => !one.keep)
  const staying = snapshots.filter((one) => one.keep)
  return (
    <div aria-live="polite" className="outcome">
      <p className={deleted > 0 ? 't-warn' : ''}>{deleted === 0 ? `${kept === 1 ? 'The only snapshot' : `All ${plural(kept, 'snapshot')}`} would be kept.` : `${plural(deleted, 'snapshot')} would be deleted, ${kept} kept.`}</p>
      {going.length > 0 && (
        <ul className="steps small" aria-label="Would be deleted">
          {going.map((one) => (
            <Planned key={one.id} one={one} />
          ))}
        </ul>
      )}
      {staying.length > 0 && (
        <details>
          <summary className="dim small">{going.length > 0 ? 'Why the rest are kept' : 'Why they are kept'}</summary>
          <ul className="steps small" aria-label="Would be kept">
            {staying.map((one) => (
              <Planned key={one.id} one={one} />
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}

interface KeptProps {
  draft: Draft
  isAdmin: boolean
  preview: PolicyPreview | undefined
  error: string | undefined
  onChange: (change: Partial<Draft>) => void
}

export function RetentionFields({ draft, isAdmin, preview, error, onChange }: KeptProps) {
  return (
    <section className="form-stack">
      <div className="formrow">
        <h3>Retention</h3>
        <fieldset disabled={!isAdmin} className="contents">
          <Segmented className="self-start" label="Retention" value={draft.keeps} options={KEEPS} onChange={(keeps) => onChange(keeps === 'all' ? { keeps } : withRules(draft, RULES[0]?.counts ?? {}))} />
        </fieldset>
        {!isAdmin && <p className="dim small">Only an admin can change retention.</p>}
        {error && <p className="t-del small">{error}</p>}
      </div>
      {draft.keeps === 'rules' && (
        <fieldset disabled={!isAdmin} className="form-stack">
          <div className="row flex-wrap">
            {RULES.map((one) => (
              <button key={one.label} type="button" className="chip" onClick={() => onChange(withRules(draft, one.counts))}>
                {one.label}
              </button>
            ))}
          </div>
          <div className="counts">
            {PERIODS.map((one) => (
              <TextField key={one} label={LABELS[one]} inputMode="numeric" placeholder="0" value={draft.counts[one]} onChange={(event) => onChange({ counts: { ...draft.counts, [one]: event.target.value } })} />
            ))}
            <TextField label="Everything for (days)" inputMode="decimal" placeholder="0" value={draft.withinDays} onChange={(event) => onChange({ withinDays: event.target.value })} />
          </div>
          <label className="row">
            <input type="checkbox" checked={draft.every} onChange={(event) => onChange({ every: event.target.checked })} />
            Include manual snapshots
          </label>
          <p className="dim small">The newest snapshot, those marked Keep forever, and those in use by a restore are never deleted.</p>
        </fieldset>
      )}
      {preview && <Outcome preview={preview} />}
    </section>
  )
}
