// Owns a policy as the form holds it: texts that people type, presets, and what is sent of them.
import type { Policy, PolicyOrder } from '@/api/types'
import { plural } from '@/lib/format'

export const PERIODS = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
export type Period = (typeof PERIODS)[number]

export const NEVER = ''
const CUSTOM = 'custom'

/** When, by name; what is none of these is written as cron. */
export const SCHEDULES: readonly { value: string; label: string }[] = [
  { value: NEVER, label: 'No schedule' },
  { value: '0 * * * *', label: 'Every hour' },
  { value: '0 */6 * * *', label: 'Every 6 hours' },
  { value: '0 3 * * *', label: 'Every day at 03:00' },
  { value: '0 3 * * 0', label: 'Every Sunday at 03:00' },
  { value: CUSTOM, label: 'Custom (cron)' },
]

/** What the choice of times shows for an expression. */
export const scheduleChoice = (cron: string, custom: boolean): string => (!custom && SCHEDULES.some((one) => one.value === cron) ? cron : CUSTOM)

export interface Draft {
  cron: string
  /** Whether the expression is written by hand, though it may be one of the usual ones. */
  custom: boolean
  timezone: string
  misfire: 'run_once' | 'skip'
  graceMinutes: string
  jitterSeconds: string
  paused: boolean
  label: string
  tables: string[] | null
  exclude: string[] | null
  keeps: 'all' | 'rules'
  counts: Record<Period, string>
  withinDays: string
  every: boolean
  verify: 'off' | 'quick' | 'deep'
  verifyDays: string
  verifyPercent: string
  drillDays: string
  growth: string
}

const NO_COUNTS: Record<Period, string> = { last: '', hourly: '', daily: '', weekly: '', monthly: '', yearly: '' }

export const RULES: readonly { label: string; counts: Partial<Record<Period, string>> }[] = [
  { label: '24 hourly, 14 daily, 8 weekly', counts: { hourly: '24', daily: '14', weekly: '8' } },
  { label: '7 daily, 4 weekly, 12 monthly', counts: { daily: '7', weekly: '4', monthly: '12' } },
  { label: 'The last 10', counts: { last: '10' } },
]

export const withRules = (draft: Draft, counts: Partial<Record<Period, string>>): Draft => ({ ...draft, keeps: 'rules', counts: { ...NO_COUNTS, ...counts }, withinDays: '' })

const text = (number: number | null | undefined): string => (number ? String(number) : '')

/** The draft of a policy; of none, one that is ready to be saved. */
export function draftOf(policy: Policy | null, zone: string): Draft {
  const { schedule, retention, verify } = policy ?? {}
  const cron = policy ? (schedule?.cron ?? NEVER) : '0 3 * * *'
  return {
    cron,
    custom: false,
    timezone: schedule?.timezone ?? zone,
    misfire: schedule?.misfire ?? 'run_once',
    graceMinutes: text((schedule?.grace_seconds ?? 3600) / 60),
    jitterSeconds: text(schedule?.jitter_seconds),
    paused: policy?.paused ?? false,
    label: policy?.label ?? '',
    tables: policy?.tables ?? null,
    exclude: policy?.exclude ?? null,
    keeps: retention ? 'rules' : 'all',
    counts: retention ? (Object.fromEntries(PERIODS.map((one) => [one, text(retention[one])])) as Record<Period, string>) : NO_COUNTS,
    withinDays: text(retention ? retention.within_hours / 24 : 0),
    every: retention?.scope === 'every',
    verify: verify?.kind ?? 'off',
    verifyDays: text(verify?.every_days ?? 1),
    verifyPercent: text(verify?.percent ?? 4),
    drillDays: text(policy?.drill_every_days),
    growth: policy ? text(policy.growth) : '5',
  }
}

const whole = (value: string): number => Math.max(0, Math.round(Number(value) || 0))

/** What is sent of a draft. */
export function policyRequest(draft: Draft): PolicyOrder {
  const counts = Object.fromEntries(PERIODS.map((one) => [one, whole(draft.counts[one])])) as Record<Period, number>
  const within_hours = Math.round((Number(draft.withinDays) || 0) * 24)
  return {
    schedule:
      draft.cron.trim() === NEVER
        ? null
        : { cron: draft.cron.trim(), timezone: draft.timezone.trim(), misfire: draft.misfire, grace_seconds: whole(draft.graceMinutes) * 60, jitter_seconds: whole(draft.jitterSeconds) },
    paused: draft.paused,
    label: draft.label.trim(),
    tables: draft.tables,
    exclude: draft.exclude,
    retention: draft.keeps === 'all' ? null : { ...counts, within_hours, scope: draft.every ? 'every' : 'scheduled' },
    verify: draft.verify === 'off' ? null : { kind: draft.verify, every_days: whole(draft.verifyDays), percent: whole(draft.verifyPercent) },
    drill_every_days: whole(draft.drillDays) || null,
    growth: Number(draft.growth) || null,
  }
}

/** Whether a draft lacks nothing that the server would ask for at once; a half-typed rule is not sent. */
export function isComplete(draft: Draft): boolean {
  const ruled = PERIODS.some((one) => whole(draft.counts[one]) > 0) || Number(draft.withinDays) > 0
  return draft.keeps === 'all' || ruled
}

/** "24 hourly, 14 daily, 8 weekly", or that everything is kept. */
export function retentionText(retention: Policy['retention']): string {
  if (!retention) return 'Keep everything'
  const parts = PERIODS.filter((one) => retention[one] > 0).map((one) => (one === 'last' ? `last ${retention.last}` : `${retention[one]} ${one}`))
  if (retention.within_hours > 0) parts.push(`${plural(Math.round((retention.within_hours / 24) * 10) / 10, 'day')}`)
  return parts.join(', ')
}
