// Owns saying when snapshots are taken: a usual time or cron, the zone, and what happens to a time that was missed.
import { Segmented, SelectField, TextField } from '@/components/field'
import { moment } from '@/lib/format'
import { NEVER, SCHEDULES, scheduleChoice, type Draft } from './draft'

const ZONES = Intl.supportedValuesOf('timeZone')

const MISFIRES: readonly { value: Draft['misfire']; label: string }[] = [
  { value: 'run_once', label: 'Run once' },
  { value: 'skip', label: 'Skip' },
]

interface WhenProps {
  draft: Draft
  next: readonly string[]
  fields: Record<string, string>
  onChange: (change: Partial<Draft>) => void
}

function Next({ times }: { times: readonly string[] }) {
  if (times.length === 0) return null
  return (
    <div aria-live="polite">
      <h3>Next runs</h3>
      <ol className="small" aria-label="Next runs">
        {times.map((one) => (
          <li key={one}>
            <time dateTime={one}>{moment(one)}</time>
          </li>
        ))}
      </ol>
    </div>
  )
}

export function WhenFields({ draft, next, fields, onChange }: WhenProps) {
  const choice = scheduleChoice(draft.cron, draft.custom)
  const custom = choice === 'custom'
  return (
    <section className="form-stack">
      <SelectField
        label="Schedule"
        value={choice}
        options={SCHEDULES}
        onChange={(value) => onChange(value === 'custom' ? { custom: true, cron: draft.cron || '0 3 * * *' } : { custom: false, cron: value })}
      />
      {custom && (
        <TextField
          label="Cron"
          className="mono"
          value={draft.cron}
          spellCheck={false}
          note="Minute, hour, day of the month, month, day of the week."
          error={fields['cron']}
          onChange={(event) => onChange({ cron: event.target.value })}
        />
      )}
      {choice !== NEVER && (
        <>
          <TextField label="Time zone" value={draft.timezone} list="time-zones" spellCheck={false} error={fields['timezone']} onChange={(event) => onChange({ timezone: event.target.value })} />
          <datalist id="time-zones">
            {ZONES.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
          <Next times={next} />
          <details>
            <summary className="dim small">Missed runs and random delay</summary>
            <div className="form-stack pt-2">
              <div className="formrow">
                <h3>Missed run</h3>
                <Segmented className="self-start" label="Missed run" value={draft.misfire} options={MISFIRES} onChange={(misfire) => onChange({ misfire })} />
              </div>
              <div className="form-line">
                <TextField label="Missed after (minutes)" inputMode="numeric" value={draft.graceMinutes} onChange={(event) => onChange({ graceMinutes: event.target.value })} />
                <TextField label="Random delay, up to (seconds)" inputMode="numeric" value={draft.jitterSeconds} placeholder="0" onChange={(event) => onChange({ jitterSeconds: event.target.value })} />
              </div>
            </div>
          </details>
        </>
      )}
    </section>
  )
}
