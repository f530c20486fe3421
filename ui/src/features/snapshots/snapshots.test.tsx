import { describe, expect, it, vi } from 'vitest'
import type { Database, Project, RestorePlan, SnapshotDetail } from '@/api/types'
import { DatabaseScopeContext } from '@/lib/database-scope'
import { ProjectScopeContext } from '@/lib/project-scope'
import { click, render } from '@/testing/render'
import { PlannedChanges } from './planned-changes'
import { Facts } from './facts'
import { GrowthChart } from './growth-chart'
import type { GrowthBar } from './timeline-data'
import type { Choice } from './restore-request'
import { TableChecks } from '@/components/table-checks'
import { RestoreTarget } from './restore-target'

const bar = (id: string, bytes: number, rest: Partial<GrowthBar> = {}): GrowthBar => ({ ids: [id], from: '2026-11-20T10:00:00Z', to: '2026-11-20T10:00:00Z', bytes, grew: false, whole: false, ...rest })

describe('the chart', () => {
  it('marks what has grown and what is chosen, and says the same in words', () => {
    const { container } = render(<GrowthChart bars={[bar('a', 100), bar('b', 900, { grew: true }), bar('c', 50)]} current="c" onChoose={() => undefined} />)
    expect([...container.querySelectorAll('svg g')].map((one) => one.getAttribute('class'))).toEqual([null, 'odd', 'now'])
    expect(container.querySelector('svg')?.getAttribute('aria-label')).toBe('3 snapshots, 1.1 kB of new data, 1 with unusual growth')
    expect(container.querySelectorAll('title')[1]?.textContent).toContain('+900 B, unusual growth')
  })
  it('cuts a whole one off where the others would be lost beside it', () => {
    const { container, rerender } = render(<GrowthChart bars={[bar('a', 10_000, { whole: true }), bar('b', 10), bar('c', 5)]} current={undefined} onChoose={() => undefined} />)
    expect(container.querySelectorAll('.cutoff')).toHaveLength(1)
    expect(Number(container.querySelectorAll('g')[1]?.querySelectorAll('rect')[1]?.getAttribute('height'))).toBeGreaterThan(40)
    rerender(<GrowthChart bars={[bar('a', 20, { whole: true }), bar('b', 10)]} current={undefined} onChoose={() => undefined} />)
    expect(container.querySelectorAll('.cutoff')).toHaveLength(0)
  })
  it('chooses the newest snapshot of a bar', () => {
    const choose = vi.fn()
    const { container } = render(<GrowthChart bars={[{ ...bar('a', 1), ids: ['a', 'b'] }]} current={undefined} onChoose={choose} />)
    click(container, 'svg g')
    expect(choose).toHaveBeenCalledExactlyOnceWith('b')
  })
})

describe('choosing tables', () => {
  it('adds and takes away one, and leaves the others', () => {
    const change = vi.fn()
    const { container } = render(<TableChecks label="Tables" tables={[{ name: 'a', rows: 1200 }, { name: 'b', rows: null }]} chosen={new Set(['a'])} onChange={change} />)
    expect(container.textContent).toContain('1,200')
    click(container, 'li:nth-child(2) input')
    click(container, 'li:nth-child(1) input')
    expect(change.mock.calls.map(([chosen]) => [...(chosen as Set<string>)])).toEqual([['a', 'b'], []])
  })
})

const detail = (rest: Partial<SnapshotDetail>): SnapshotDetail =>
  ({
    id: 's1', status: 'complete', database_name: 'shop', label: '', engine: 'postgresql', product: 'PostgreSQL 18.4', tables: 2, rows: 1200, raw_bytes: 4000, stored_bytes: 1000,
    new_bytes: 0, seconds: 2, taken_at: '2026-11-20T10:00:00Z', verified_at: null, verification: null, drilled_at: null, drill_seconds: null, drill_summary: null, proof: null, losses: [], request: {}, moment: {}, contents: [], ...rest,
  }) as SnapshotDetail

describe('the facts', () => {
  it('say how much was spared, and that nothing was new', () => {
    const text = render(<Facts snapshot={detail({ request: { exclude: ['carts'] } })} />).container.textContent
    expect(text).toContain('1.0 kB for 4.0 kB uncompressed, 4 times smaller')
    expect(text).toContain('all data was already stored')
    expect(text).toContain('All except carts')
  })
  it('name the objects of the schema that cannot be restored', () => {
    const proof = { state: 'refuted' as const, summary: 'cannot be restored: 1 object', equal: 4, refused: ['index public.i: function plain(text) does not exist'], different: ['table public.t'], untried: ['extension pgcrypto: this server does not offer it'], server: 'PostgreSQL 18.6', at: '2026-11-20T11:00:00Z' }
    const { container } = render(<Facts snapshot={detail({ proof })} />)
    expect(container.textContent).toContain('Cannot be restored: 1 object, on PostgreSQL 18.6')
    expect([...container.querySelectorAll('[role=alert] li')].map((item) => item.textContent)).toEqual(['index public.i: function plain(text) does not exist', 'table public.t: restored differently'])
    expect(container.querySelector('details')?.textContent).toContain('extension pgcrypto')
  })

  it('name what the snapshot lacks', () => {
    const losses = ['The history of system-versioned tables is not in the snapshot, only their current rows: prices.']
    const { container } = render(<Facts snapshot={detail({ losses })} />)
    expect([...container.querySelectorAll('[aria-label=Losses] li')].map((item) => item.textContent)).toEqual(losses)
  })

  it('do not hide damage', () => {
    const verification = { kind: 'deep' as const, ok: false, pages: 3, bytes: 1, percent: 100, problems: ['A page of orders cannot be read.'] }
    const { container } = render(<Facts snapshot={detail({ verified_at: '2026-11-20T11:00:00Z', verification })} />)
    expect(container.querySelector('[role=alert]')?.textContent).toBe('A page of orders cannot be read.')
    expect(container.textContent).toContain('Damaged')
  })
  it("fold the engine's moment away, without what is empty", () => {
    const { container } = render(<Facts snapshot={detail({ moment: { lsn: '0/6A62', types: ' ', timeline: 1 } })} />)
    expect([...container.querySelectorAll('details dt')].map((one) => one.textContent)).toEqual(['Lsn', 'Timeline'])
  })
})

const plan = (rest: Partial<RestorePlan>): RestorePlan => ({ target_name: 'shop', fresh: false, undo: true, steps: [], refusals: [], ...rest })
const replaced = { table: 'books', rows: 10, rows_there: 12, action: 'replace' as const, sentence: 'books has its rows replaced with those of the snapshot.' }

describe('what will change', () => {
  it('names every table that loses or gets rows, with what is there now', () => {
    const { container } = render(<PlannedChanges plan={plan({ steps: [replaced] })} guarded={false} confirmed={false} onConfirm={() => undefined} />)
    expect(container.querySelector('li')?.textContent).toBe('books has its rows replaced with those of the snapshot. It has about 12 rows now.')
    expect(container.textContent).toContain('A snapshot of shop is taken first')
    expect(container.querySelector('input')).toBeNull()
  })
  it('says only why it cannot begin when it is refused', () => {
    const confirm = vi.fn()
    const { container } = render(<PlannedChanges plan={plan({ steps: [replaced], refusals: ['shop is protected: confirm the restore.'] })} guarded confirmed={false} onConfirm={confirm} />)
    expect(container.textContent).toContain('shop is protected: confirm the restore.')
    expect(container.textContent).not.toContain('has its rows replaced')
    click(container, 'input')
    expect(confirm).toHaveBeenCalledExactlyOnceWith(true)
  })
})

const database = (rest: Partial<Database>) => ({ id: 'd1', name: 'shop', engine: 'postgresql', read_only: false, protected: false, ...rest }) as Database

function where(choice: Partial<Choice>, role: Project['role'], others: Database[] = [], unavailable: string | null = null) {
  const change = vi.fn()
  const whole: Choice = { where: 'new', name: 'shop-restored', target: '', mode: 'overwrite', tables: null, confirmed: false, ...choice }
  const home = database({})
  const { container } = render(
    <ProjectScopeContext value={{ project: { id: 'p1', role } as Project, codebases: [], codebase: null }}>
      <DatabaseScopeContext value={home}>
        <RestoreTarget snapshot={detail({})} choice={whole} databases={[home, ...others]} unavailable={unavailable} onChange={change} />
      </DatabaseScopeContext>
    </ProjectScopeContext>,
  )
  return { container, change, radios: [...container.querySelectorAll<HTMLInputElement>('[type=radio]')] }
}

describe('where to', () => {
  it('offers only an admin to restore over what is there', () => {
    expect(where({}, 'member').radios.map((one) => one.disabled)).toEqual([false, true, true])
    expect(where({}, 'admin').radios.map((one) => one.disabled)).toEqual([false, true, false])
  })
  it('offers databases of the same engine that can be written to', () => {
    const others = [database({ id: 'd2', name: 'staging' }), database({ id: 'd3', name: 'lite', engine: 'sqlite' }), database({ id: 'd4', name: 'mirror', read_only: true })]
    const { container } = where({ where: 'empty' }, 'member', others)
    expect([...container.querySelectorAll('option')].map((one) => one.textContent)).toEqual(['Choose a database', 'staging'])
  })
  it('offers no new database where none can be made, and says why', () => {
    const { container, radios } = where({ where: 'empty' }, 'member', [database({ id: 'd2', name: 'staging' })], 'Headwater can connect to MongoDB, but cannot create it.')
    expect(radios.map((one) => one.disabled)).toEqual([true, false, true])
    expect(container.textContent).toContain('cannot create it')
  })
  it('says at once that a name is taken', () => {
    expect(where({ name: 'shop' }, 'member').container.textContent).toContain('There is already a database named shop.')
    expect(where({ name: 'shop-2' }, 'member').container.querySelector('[aria-invalid]')).toBeNull()
  })
  it('tells what was chosen', () => {
    const { container, change } = where({}, 'admin')
    click(container, '.opt:nth-child(3) input')
    expect(change).toHaveBeenCalledExactlyOnceWith({ where: 'over' })
  })
})
