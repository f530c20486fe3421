import { describe, expect, it, vi } from 'vitest'
import type { RecoveryStatus } from '@/api/types'
import { click, render } from '@/testing/render'
import { RecoveryWindow, WindowBar } from './recovery-card'
import { toLocalInput, fromLocalInput, lagText, recoveryRequest, windowSegments, type Choice } from './recovery-target'
import { When } from './recover-dialog'

const windows = [
  { earliest: '2026-11-21T00:00:00Z', latest: '2026-11-21T05:00:00Z' },
  { earliest: '2026-11-21T08:00:00Z', latest: '2026-11-21T10:00:00Z' },
]
const status = (rest: Partial<RecoveryStatus> = {}): RecoveryStatus => ({
  enabled: true, window_days: 7, base_days: 1, earliest: windows[0]!.earliest, latest: windows[1]!.latest, windows, covered_at: null, lag_bytes: 0, lag_seconds: 3, waiting: 0,
  log_bytes: 5000, problem: null, problem_at: null, bases: [], points: [], ...rest,
})
const choice = (rest: Partial<Choice> = {}): Choice => ({ kind: 'time', time: '2026-11-21T09:00:01', point: '', lsn: '', name: 'shop-back', ...rest })

describe('the window as a bar', () => {
  it('goes from the first moment to now, and leaves gaps open', () => {
    expect(windowSegments(windows, Date.parse('2026-11-21T10:00:00Z'))).toEqual([{ left: 0, width: 50 }, { left: 80, width: 20 }])
    expect(windowSegments([])).toEqual([])
  })
  it('shows even the shortest window, and says the same in words', () => {
    const one = [{ earliest: '2026-11-21T00:00:00Z', latest: '2026-11-21T00:00:00Z' }]
    expect(windowSegments(one, Date.parse('2026-11-22T00:00:00Z'))[0]!.width).toBeGreaterThan(0)
    const { container } = render(<WindowBar windows={windows} />)
    expect(container.querySelectorAll('i')).toHaveLength(2)
    expect(container.querySelector('[role=img]')?.getAttribute('aria-label')).toContain(', and ')
  })
})

describe('a moment as people type it', () => {
  it('comes back as it was', () => {
    expect(fromLocalInput(toLocalInput('2026-11-21T10:00:05.000Z'))).toBe('2026-11-21T10:00:05.000Z')
    expect([fromLocalInput(''), fromLocalInput('soon')]).toEqual([null, null])
  })
})

describe('the order', () => {
  it('has exactly one moment, and none before it is chosen', () => {
    const order = recoveryRequest(choice(), 'p1', [])
    expect(order).toMatchObject({ name: 'shop-back', point: null, lsn: null, project_id: 'p1' })
    expect(order?.time).toBe(fromLocalInput('2026-11-21T09:00:01'))
    expect(recoveryRequest(choice({ kind: 'point', point: 'x' }), 'p1', [])).toMatchObject({ time: null, point: 'x' })
    expect(recoveryRequest(choice({ kind: 'lsn', lsn: ' 0/1 ' }), 'p1', [])).toMatchObject({ time: null, lsn: '0/1' })
    expect([choice({ time: '' }), choice({ kind: 'point' }), choice({ kind: 'lsn' }), choice({ name: 'Not a name' })].map((one) => recoveryRequest(one, 'p1', []))).toEqual([null, null, null, null])
    expect(recoveryRequest(choice(), 'p1', ['shop-back'])).toBeNull()
  })
})

describe('how far it is behind', () => {
  it('is told only where it matters', () => {
    expect(lagText({ lag_bytes: 5, lag_seconds: 40 })).toBeNull()
    expect(lagText({ lag_bytes: 5, lag_seconds: 600 })).toContain('10 min')
  })
})

describe('what can be reached', () => {
  it('names gaps and problems, and says when nothing can be yet', () => {
    const { container, rerender } = render(<RecoveryWindow status={status({ problem: 'There is no room left.' })} />)
    expect(container.textContent).toContain('except for the gaps')
    expect(container.querySelector('[role=alert]')?.textContent).toBe('There is no room left.')
    rerender(<RecoveryWindow status={status({ windows: [], earliest: null, latest: null })} />)
    expect(container.textContent).toContain('No recovery point yet.')
  })
})

describe('choosing the moment', () => {
  it('offers points only where there are some', () => {
    const change = vi.fn()
    const { container, rerender } = render(<When status={status()} choice={choice()} onChange={change} />)
    expect([...container.querySelectorAll('.segmented button')].map((one) => one.textContent)).toEqual(['Time', 'LSN'])
    rerender(<When status={status({ points: [{ name: 'before', at: windows[0]!.latest, lsn: '0/1' }] })} choice={choice()} onChange={change} />)
    click(container, '.segmented button:nth-child(2)')
    expect(change).toHaveBeenCalledExactlyOnceWith({ kind: 'point' })
  })
})
