import { describe, expect, it } from 'vitest'
import type { RestorePlan, RestoreStep } from '@/api/types'
import { restoreLabel, planSummary, selectableTables, restoreRequest, type Choice } from './restore-request'
import { freeName, nameProblem } from '@/lib/database-name'
import { tableName } from '@/lib/table-name'

const HOME = { project: 'p1', database: 'd1' }
const choice = (rest: Partial<Choice>): Choice => ({ where: 'new', name: 'shop-restored', target: '', mode: 'overwrite', tables: null, confirmed: false, ...rest })

describe('the order', () => {
  it('is of a new database in the same project', () => {
    expect(restoreRequest(choice({}), HOME, [])).toEqual({ name: 'shop-restored', project_id: 'p1', target_id: null, tables: null, mode: 'empty', confirmed: false })
  })
  it('fills an empty database only where there is nothing', () => {
    expect(restoreRequest(choice({ where: 'empty', target: 'd2' }), HOME, [])).toMatchObject({ name: null, project_id: null, target_id: 'd2', mode: 'empty' })
  })
  it('goes over this database in the mode that was chosen', () => {
    expect(restoreRequest(choice({ where: 'over', mode: 'append_missing', confirmed: true }), HOME, [])).toMatchObject({ target_id: 'd1', name: null, mode: 'append_missing', confirmed: true })
  })
  it('names chosen tables always in one order, so that the same choice is the same plan', () => {
    expect(restoreRequest(choice({ tables: new Set(['b', 'a']) }), HOME, [])?.tables).toEqual(['a', 'b'])
  })
  it('is not whole without a name, a target or a table', () => {
    expect(restoreRequest(choice({ name: '' }), HOME, [])).toBeNull()
    expect(restoreRequest(choice({ name: 'shop' }), HOME, ['shop'])).toBeNull()
    expect(restoreRequest(choice({ where: 'empty' }), HOME, [])).toBeNull()
    expect(restoreRequest(choice({ tables: new Set() }), HOME, [])).toBeNull()
  })
})

describe('what can be chosen', () => {
  it('leaves out what belongs to no table where a database is in use', () => {
    const table = { schema: 'public', name: 'a', columns: [], key: [], rows: 1, raw_bytes: 0, stored_bytes: 0, new_bytes: 0, apart: false }
    const large = { ...table, schema: null, name: 'pg_largeobject', apart: true }
    expect(selectableTables([table, large], 'new')).toEqual([table, large])
    expect(selectableTables([table, large], 'over')).toEqual([table])
  })
})

describe('names', () => {
  it('are those that the server takes', () => {
    expect(nameProblem('shop_2-a', [])).toBeNull()
    for (const wrong of ['', 'Shop', '1shop', 'shop restored', 'x'.repeat(49)]) expect(nameProblem(wrong, [])).not.toBeNull()
  })
  it('are found free, and never longer than allowed', () => {
    expect(freeName('shop', [])).toBe('shop-restored')
    expect(freeName('shop', ['shop-restored', 'shop-restored-2'])).toBe('shop-restored-3')
    expect(nameProblem(freeName('x'.repeat(48), []), [])).toBeNull()
  })
  it('of tables have their schema where there is one', () => {
    expect(tableName({ schema: 'public', name: 'books' })).toBe('public.books')
    expect(tableName({ schema: null, name: 'books' })).toBe('books')
  })
})

const step = (action: RestoreStep['action'], rows = 10): RestoreStep => ({ table: action, rows, rows_there: null, action, sentence: '' })
const plan = (rest: Partial<RestorePlan>): RestorePlan => ({ target_name: 'shop', fresh: false, undo: false, steps: [], refusals: [], ...rest })

describe('the words', () => {
  it('say that nothing else changes where a database is made', () => {
    const text = planSummary(plan({ target_name: 'shop-restored', fresh: true, steps: [step('create', 1200), step('create', 4)] }))
    expect(text).toBe('Creates the database shop-restored with 2 tables and 1,204 rows. Nothing else changes.')
  })
  it('name each thing that happens to a database that is there, and the way back', () => {
    expect(planSummary(plan({ undo: true, steps: [step('create'), step('replace'), step('replace')] }))).toBe(
      'In shop, the restore creates 1 table and replaces the rows of 2 tables, with 30 rows from the snapshot. A snapshot of shop is taken first, so you can undo this.',
    )
    expect(planSummary(plan({ steps: [step('create')] }))).toContain('creates 1 table, with 10 rows from the snapshot. Nothing else changes.')
  })
  it('do not count a table that is refused as changed', () => {
    expect(planSummary(plan({ steps: [step('refuse')] }))).toContain('changes nothing')
  })
  it('stand on the button', () => {
    expect(restoreLabel(choice({}), 'shop', undefined)).toBe('Restore into shop-restored')
    expect(restoreLabel(choice({ where: 'empty', target: 'x' }), 'shop', 'staging')).toBe('Restore into staging')
    expect(restoreLabel(choice({ where: 'empty' }), 'shop', undefined)).toBe('Restore')
    expect(restoreLabel(choice({ where: 'over' }), 'shop', undefined)).toBe('Replace data in shop')
  })
})
