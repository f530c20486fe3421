import { describe, expect, it } from 'vitest'
import type { Job, PhaseProgress } from '@/api/types'
import { progressPart } from './jobs'

const phase = (name: string, state: PhaseProgress['state'], done = 0, total = 0): PhaseProgress => ({ name, state, done, total, seconds: null, note: null })

const scan = (...phases: PhaseProgress[]): Job => ({
  id: 'j',
  kind: 'codebase.scan',
  title: 'Scan',
  state: 'running',
  project_id: null,
  codebase_id: null,
  attempts: 1,
  max_attempts: 3,
  error: null,
  cancel_requested: false,
  created_at: '2026-11-21T00:00:00Z',
  started_at: null,
  finished_at: null,
  progress: { done: 0, total: 0, unit: 'files', phase: '', message: '', detail: { phases } },
})

describe('progressPart', () => {
  it('never goes back when a phase ends and the next has not said how long it is', () => {
    const facts = scan(phase('intake', 'done'), phase('facts', 'now', 99, 100), phase('symbols', 'wait'))
    const symbols = scan(phase('intake', 'done'), phase('facts', 'done'), phase('symbols', 'now'))
    expect(progressPart(facts)).toBeGreaterThan(0.4)
    expect(progressPart(symbols)).toBeGreaterThan(progressPart(facts))
  })

  it('is whole when all phases are done', () => {
    const names = ['intake', 'facts', 'symbols', 'schema', 'types', 'usages', 'resolve']
    expect(progressPart(scan(...names.map((name) => phase(name, 'done'))))).toBeCloseTo(1)
  })

  it('is a plain fraction for jobs without phases', () => {
    const job = scan()
    expect(progressPart({ ...job, progress: { ...job.progress, done: 3, total: 4 } })).toBe(0.75)
  })
})
