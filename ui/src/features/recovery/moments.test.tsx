import { describe, expect, it, vi } from 'vitest'
import type { RecoveryStatus } from '@/api/types'
import { click, shown } from '@/testing/shown'
import { Reach, WindowBar } from './moment-card'
import { asField, asMoment, behind, orderOf, parts, type Choice } from './moments'
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
    expect(parts(windows, Date.parse('2026-11-21T10:00:00Z'))).toEqual([{ left: 0, width: 50 }, { left: 80, width: 20 }])
    expect(parts([])).toEqual([])
  })
  it('shows even the shortest window, and says the same in words', () => {
    const one = [{ earliest: '2026-11-21T00:00:00Z', latest: '2026-11-21T00:00:00Z' }]
    expect(parts(one, Date.parse('2026-11-22T00:00:00Z'))[0]!.width).toBeGreaterThan(0)
    const { box } = shown(<WindowBar windows={windows} />)
    expect(box.querySelectorAll('i')).toHaveLength(2)
    expect(box.querySelector('[role=img]')?.getAttribute('aria-label')).toContain(', and ')
  })
})

describe('a moment as people type it', () => {
  it('comes back as it was', () => {
    expect(asMoment(asField('2026-11-21T10:00:05.000Z'))).toBe('2026-11-21T10:00:05.000Z')
    expect([asMoment(''), asMoment('soon')]).toEqual([null, null])
  })
})

describe('the order', () => {
  it('has exactly one moment, and none before it is chosen', () => {
    const order = orderOf(choice(), 'p1', [])
    expect(order).toMatchObject({ name: 'shop-back', point: null, lsn: null, project_id: 'p1' })
    expect(order?.time).toBe(asMoment('2026-11-21T09:00:01'))
    expect(orderOf(choice({ kind: 'point', point: 'x' }), 'p1', [])).toMatchObject({ time: null, point: 'x' })
    expect(orderOf(choice({ kind: 'lsn', lsn: ' 0/1 ' }), 'p1', [])).toMatchObject({ time: null, lsn: '0/1' })
    expect([choice({ time: '' }), choice({ kind: 'point' }), choice({ kind: 'lsn' }), choice({ name: 'Not a name' })].map((one) => orderOf(one, 'p1', []))).toEqual([null, null, null, null])
    expect(orderOf(choice(), 'p1', ['shop-back'])).toBeNull()
  })
})

describe('how far it is behind', () => {
  it('is told only where it matters', () => {
    expect(behind({ lag_bytes: 5, lag_seconds: 40 })).toBeNull()
    expect(behind({ lag_bytes: 5, lag_seconds: 600 })).toContain('10 min')
  })
})

describe('what can be reached', () => {
  it('names gaps and problems, and says when nothing can be yet', () => {
    const { box, again } = shown(<Reach status={status({ problem: 'There is no room left.' })} />)
    expect(box.textContent).toContain('but for the gaps')
    expect(box.querySelector('[role=alert]')?.textContent).toBe('There is no room left.')
    again(<Reach status={status({ windows: [], earliest: null, latest: null })} />)
    expect(box.textContent).toContain('No moment can be reached yet.')
  })
})

describe('choosing the moment', () => {
  it('offers points only where there are some', () => {
    const change = vi.fn()
    const { box, again } = shown(<When status={status()} choice={choice()} onChange={change} />)
    expect([...box.querySelectorAll('.seg button')].map((one) => one.textContent)).toEqual(['Time', 'LSN'])
    again(<When status={status({ points: [{ name: 'before', at: windows[0]!.latest, lsn: '0/1' }] })} choice={choice()} onChange={change} />)
    click(box, '.seg button:nth-child(2)')
    expect(change).toHaveBeenCalledExactlyOnceWith({ kind: 'point' })
  })
})
