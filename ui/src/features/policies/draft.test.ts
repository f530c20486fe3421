import { describe, expect, it } from 'vitest'
import type { Policy } from '@/api/types'
import { draftOf, isComplete, retentionText, policyRequest, RULES, scheduleChoice, withRules } from './draft'

const policy: Policy = {
  database_id: 'd1',
  schedule: { cron: '5 * * * *', timezone: 'Europe/Berlin', misfire: 'skip', grace_seconds: 600, jitter_seconds: 30 },
  paused: true,
  label: 'Hourly',
  tables: null,
  exclude: ['carts'],
  retention: { last: 0, hourly: 24, daily: 14, weekly: 0, monthly: 0, yearly: 0, within_hours: 36, scope: 'every' },
  verify: { kind: 'deep', every_days: 2, percent: 10 },
  drill_every_days: 7,
  growth: 3,
  next: [],
  due_at: null,
  verify_at: null,
  drill_at: null,
  last_run: null,
  created_at: '2026-11-20T10:00:00Z',
  updated_at: '2026-11-20T10:00:00Z',
}

describe('a draft', () => {
  it('of a policy is sent as the policy was', () => {
    const { schedule, paused, label, tables, exclude, retention, verify, drill_every_days, growth } = policy
    expect(policyRequest(draftOf(policy, 'UTC'))).toEqual({ schedule, paused, label, tables, exclude, retention, verify, drill_every_days, growth })
  })
  it('of none is daily, keeps everything, and is in the zone of the reader', () => {
    const order = policyRequest(draftOf(null, 'Asia/Kolkata'))
    expect(order.schedule).toMatchObject({ cron: '0 3 * * *', timezone: 'Asia/Kolkata', misfire: 'run_once', grace_seconds: 3600 })
    expect([order.retention, order.verify, order.drill_every_days, order.growth]).toEqual([null, null, null, 5])
  })
  it('without a time has no schedule', () => {
    expect(policyRequest({ ...draftOf(policy, 'UTC'), cron: ' ' }).schedule).toBeNull()
  })
  it('takes a preset whole, and nothing of what was there', () => {
    const order = policyRequest(withRules(draftOf(policy, 'UTC'), RULES[2]?.counts ?? {}))
    expect(order.retention).toMatchObject({ last: 10, hourly: 0, daily: 0, within_hours: 0 })
  })
  it('with rules that say nothing yet is not sent', () => {
    const empty = withRules(draftOf(null, 'UTC'), {})
    expect(isComplete(empty)).toBe(false)
    expect(isComplete({ ...empty, keeps: 'all' })).toBe(true)
    expect(isComplete({ ...empty, withinDays: '0.5' })).toBe(true)
    expect(isComplete({ ...empty, counts: { ...empty.counts, daily: 'x' } })).toBe(false)
  })
})

describe('in words', () => {
  it('says what is kept', () => {
    expect(retentionText(policy.retention)).toBe('24 hourly, 14 daily, 1.5 days')
    expect(retentionText(null)).toBe('Keep everything')
  })
  it('knows the usual times', () => {
    expect(scheduleChoice('0 3 * * *', false)).toBe('0 3 * * *')
    expect(scheduleChoice('0 3 * * *', true)).toBe('custom')
    expect(scheduleChoice('5 3 * * *', false)).toBe('custom')
  })
})
