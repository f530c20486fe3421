// Owns what a restore will change, in words, as the server has planned it; and saying that a protected target is meant.
import type { RestorePlan } from '@/api/types'
import { plural } from '@/lib/format'
import { planSummary } from './restore-request'

interface PlannedChangesProps {
  plan: RestorePlan
  /** Whether the target is protected, so that writing to it must be meant. */
  guarded: boolean
  confirmed: boolean
  onConfirm: (on: boolean) => void
}

export function PlannedChanges({ plan, guarded, confirmed, onConfirm }: PlannedChangesProps) {
  const refused = plan.refusals.length > 0
  const touched = plan.steps.filter((one) => one.action !== 'create')
  return (
    <section aria-live="polite">
      <h3>{refused ? 'Cannot start' : 'Planned changes'}</h3>
      {!refused && <p>{planSummary(plan)}</p>}
      {plan.refusals.map((refusal) => (
        <p key={refusal} className="t-warn">
          {refusal}
        </p>
      ))}
      {touched.length > 0 && !refused && (
        <ul className="steps small">
          {touched.map((step) => (
            <li key={step.table}>
              {step.sentence}
              {step.rows_there !== null && <span className="dim"> It has about {plural(step.rows_there, 'row')} now.</span>}
            </li>
          ))}
        </ul>
      )}
      {guarded && (
        <label className="row pt-2">
          <input type="checkbox" checked={confirmed} onChange={(event) => onConfirm(event.target.checked)} />
          {plan.target_name} is protected. Write to it anyway
        </label>
      )}
    </section>
  )
}
