import { describe, expect, it } from 'vitest'
import type { PersonalColumn, PersonalData } from '@/api/types'
import { byClass, personalSearch, touchedIn } from './personal-data'

const column = (name: string, data_class: string, more: Partial<PersonalColumn> = {}): PersonalColumn => ({
  column_id: name,
  table_name: 'users',
  column_name: name,
  type: 'text',
  data_class,
  title: data_class,
  special: false,
  certainty: 'certain',
  reason: '',
  reads: 0,
  writes: 0,
  whole_rows: 0,
  read_in: [],
  written_in: [],
  file_path: '',
  line_number: 0,
  ...more,
})
const item = (name: string, columns: number) => ({ name, title: name, source: '', special: false, columns })
const data: PersonalData = {
  columns: [column('full_name', 'person_name', { certainty: 'likely' }), column('email', 'email'), column('mail', 'email', { certainty: 'likely' })],
  classes: [item('email', 2), item('phone', 0), item('person_name', 1)],
}

describe('byClass', () => {
  const names = (search: Parameters<typeof byClass>[1]) => byClass(data, search).map((group) => [group.name, group.columns.map((one) => one.column_name)])

  it('keeps the order of the rules and leaves out empty classes', () => {
    expect(names({})).toEqual([
      ['email', ['email', 'mail']],
      ['person_name', ['full_name']],
    ])
  })

  it('filters by class and by certainty', () => {
    expect(names({ class: 'email', sure: 'certain' })).toEqual([['email', ['email']]])
    expect(names({ class: 'phone' })).toEqual([])
  })
})

describe('touchedIn', () => {
  it('lists each file once, writers first', () => {
    expect(touchedIn(column('email', 'email', { read_in: ['a.py', 'b.py'], written_in: ['b.py', 'c.py'] }))).toEqual([
      { file: 'b.py', how: 'reads and writes' },
      { file: 'c.py', how: 'writes' },
      { file: 'a.py', how: 'reads' },
    ])
  })
})

describe('personalSearch', () => {
  it('drops what it does not know', () => {
    expect(personalSearch({ class: 'email', sure: 'perhaps' })).toEqual({ class: 'email', sure: undefined })
  })
})
