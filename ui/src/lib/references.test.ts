import { describe, expect, it } from 'vitest'
import type { LiveRelation, LiveSchema, ResultColumn } from '@/api/types'
import { candidatesOf, labelOf, merged, noneOf, searches, targetsOf, valuesOf, type Target } from './references'

const column = (name: string, type = 'text', nullable = true) => ({ name, type, nullable })
const relation = (name: string, columns: object[], more: object = {}) => ({ name, columns, schema: 'public', primary_key: ['id'], ...more }) as LiveRelation

const teams = relation('teams', [column('id', 'integer', false), column('motto'), column('name')])
const places = relation('places', [column('country', 'text', false), column('code', 'integer', false), column('title')], { primary_key: ['country', 'code'] })
const people = relation('people', [column('id', 'integer', false), column('team', 'integer'), column('country', 'text', false), column('place', 'integer')], {
  foreign_keys: [
    { columns: ['country', 'place'], ref_table: 'places', ref_columns: ['country', 'code'] },
    { columns: ['team'], ref_table: 'teams', ref_columns: [] },
    { columns: ['country'], ref_table: 'elsewhere', ref_columns: ['id'] },
  ],
})
const schema = { relations: [teams, places, people] } as unknown as LiveSchema
const toTeams = targetsOf(people, 'team', schema)[0] as Target
const toPlaces = targetsOf(people, 'place', schema)[0] as Target

describe('what a foreign key refers to', () => {
  it('is the primary key where the key does not say', () => expect(toTeams.refColumns).toEqual(['id']))
  it('is found from each column of a composite key, tables that are not there left out', () => {
    expect(targetsOf(people, 'country', schema).map((one) => one.relation.name)).toEqual(['places'])
    expect(valuesOf(toPlaces, ['fr', 3])).toEqual({ country: 'fr', place: 3 })
  })
  it('can be nothing where a column may be empty', () => {
    expect(noneOf(people, toPlaces.columns)).toEqual({ place: null })
    expect(noneOf(people, ['country'])).toBeNull()
  })
})

describe('what rows are called by', () => {
  it('is a name before a first text', () => expect(toTeams.label).toBe('name'))
  it.each([
    [[column('note'), column('email')], 'email'],
    [[column('note'), column('first_name')], 'first_name'],
    [[column('count', 'integer'), column('note', 'varchar(20)')], 'note'],
    [[column('count', 'integer'), column('tags', 'text[]')], null],
  ])('%#', (columns, wanted) => expect(labelOf(relation('x', columns), ['id'])).toBe(wanted))
})

describe('a search', () => {
  const asked = (target: Target, text: string) => searches(target, text).map((filters) => filters.map(({ column, operator }) => `${column} ${operator}`).join())
  it('asks a column of numbers for nothing that is none', () => {
    expect(asked(toTeams, '12')).toEqual(['id =', 'id starts', 'name contains'])
    expect(asked(toTeams, 'red')).toEqual(['id starts', 'name contains'])
    expect(asked(toTeams, '  ')).toEqual([])
  })
  it('looks into each column of a composite key', () => expect(asked(toPlaces, 'fr')).toEqual(['country starts', 'code starts', 'title contains']))
})

describe('candidates', () => {
  const columns = [{ name: 'id', kind: 'number' }, { name: 'motto', kind: 'text' }, { name: 'name', kind: 'text' }] as ResultColumn[]
  const list = candidatesOf(toTeams, columns, [[1, 'ever', 'red'], [2, null, 'blue']])
  it('say the telling words first', () => expect(list).toEqual([{ key: [1], words: ['red', 'ever'] }, { key: [2], words: ['blue'] }]))
  it('stand once each, in the order of the lists', () => {
    const [a, b] = [{ key: [1], words: [] }, { key: ['1'], words: [] }]
    expect(merged([[a], [b, a]])).toEqual([a, b])
    expect(merged([[a, b], [a]])).toEqual([a, b])
  })
})
