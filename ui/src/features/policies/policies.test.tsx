import { describe, expect, it } from 'vitest'
import type { Alert, PlannedSnapshot, PolicyPreview } from '@/api/types'
import { alertCounts, alertTitle } from '@/lib/alerts'
import { render } from '@/testing/render'
import { coverageText } from './check-fields'
import { Outcome } from './retention-fields'

const planned = (id: string, keep: boolean, reasons: string[]): PlannedSnapshot => ({
  id,
  taken_at: '2026-11-20T10:00:00Z',
  label: id,
  held: false,
  scheduled: true,
  stored_bytes: 1,
  keep,
  reasons,
})
const preview = (...snapshots: PlannedSnapshot[]): PolicyPreview => {
  const deleted = snapshots.filter((one) => !one.keep).length
  return { next: [], kept: snapshots.length - deleted, deleted, snapshots }
}

describe('what a policy would do', () => {
  it('names each snapshot that would go, with every reason', () => {
    const { container } = render(<Outcome preview={preview(planned('new', true, ['newest']), planned('old', false, ['older than 14 daily', 'not the newest of 2026-W47']))} />)
    expect(container.textContent).toContain('1 snapshot would be deleted, 1 kept.')
    const going = container.querySelector('[aria-label="Would be deleted"]')
    expect(going?.children).toHaveLength(1)
    expect(going?.textContent).toContain('older than 14 daily, not the newest of 2026-W47')
    expect(container.querySelector('[aria-label="Would be kept"]')?.textContent).toContain('newest')
  })
  it('says so when nothing goes, and when there is nothing', () => {
    expect(render(<Outcome preview={preview(planned('a', true, ['newest']))} />).container.textContent).toContain('The only snapshot would be kept.')
    expect(render(<Outcome preview={preview()} />).container.textContent).toBe('There are no snapshots yet.')
  })
})

describe('how long it takes until all is read', () => {
  it('is told, and what the server would refuse is told before', () => {
    expect(coverageText('1', '4')).toBe('All data is read every 25 days.')
    expect(coverageText('2', '5')).toBe('A full pass would take 40 days; the maximum is 30.')
    expect(coverageText('', '5')).toBeNull()
  })
})

describe('alerts', () => {
  const alert = (database_id: string, times: number) => ({ database_id, times, kind: 'missed' }) as Alert
  it('count what has happened, and how many each database has', () => {
    expect([1, 3].map((times) => alertTitle(alert('d', times)))).toEqual(['Snapshot missed', 'Snapshot missed, 3 times'])
    expect([...alertCounts([alert('a', 1), alert('b', 1), alert('a', 2)])]).toEqual([['a', 2], ['b', 1]])
  })
})
