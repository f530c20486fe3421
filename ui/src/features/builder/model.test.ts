import { describe, expect, it } from 'vitest'
import type { DrawnQuery, LiveRelation, LiveSchema } from '@/api/types'
import { column, constant, joinOffers, newQuery, renamedPick, withJoin, withOperator, withoutPick, withoutTable, withTable } from './model'

const relation = (name: string, columns: string[], keys: [string, string, string[]][] = []): LiveRelation =>
  ({
    name,
    schema: 'public',
    kind: 'table',
    primary_key: ['id'],
    columns: columns.map((one) => ({ name: one, type: one === 'name' ? 'text' : 'integer' })),
    foreign_keys: keys.map(([from, table, to]) => ({ columns: [from], ref_table: table, ref_columns: to, ref_schema: 'public' })),
  }) as unknown as LiveRelation

const SCHEMA = {
  relations: [relation('people', ['id', 'name', 'team_id', 'boss'], [['team_id', 'teams', ['id']], ['boss', 'people', []]]), relation('teams', ['id', 'name']), relation('pets', ['id', 'owner'], [['owner', 'people', []]])],
} as unknown as LiveSchema
const PEOPLE = SCHEMA.relations[0] as LiveRelation
const offerOf = (query: DrawnQuery, name: string) => {
  const offer = joinOffers(query, SCHEMA).find((one) => one.relation.name === name)
  if (!offer) throw new Error(name)
  return offer
}

describe('joins', () => {
  it('are offered from foreign keys in both directions', () => {
    const offers = joinOffers(newQuery(PEOPLE), SCHEMA)
    expect(offers.map((one) => [one.relation.name, one.pairs])).toEqual([
      ['teams', [['team_id', 'id']]],
      ['people', [['boss', 'id']]],
      ['pets', [['id', 'owner']]],
    ])
  })
  it('give a second table of a name another alias', () => {
    const query = withJoin(newQuery(PEOPLE), offerOf(newQuery(PEOPLE), 'people'))
    expect(query.joins[0]?.table.alias).toBe('people_2')
    expect(query.joins[0]?.on.items[0]).toEqual({ term: column('people_2', 'id'), operator: '=', values: [column('people', 'boss')], aggregate: '' })
    expect(withTable(query, PEOPLE).joins[1]).toMatchObject({ kind: 'cross', table: { alias: 'people_3' } })
  })
})

describe('what is taken away', () => {
  const start = withJoin(newQuery(PEOPLE), offerOf(newQuery(PEOPLE), 'teams'))
  const query: DrawnQuery = {
    ...start,
    picks: [
      { term: column('teams', 'name'), aggregate: '', alias: 'team' },
      { term: { kind: 'star', value: '', table: '' }, aggregate: 'count', alias: 'n' },
    ],
    where: { all: false, items: [{ all: true, items: [{ term: column('people', 'id'), operator: '=', values: [column('teams', 'id')], aggregate: '' }] }, { term: column('people', 'id'), operator: 'is null', values: [], aggregate: '' }] },
    sort: [
      { term: { kind: 'alias', value: 'team', table: '' }, aggregate: '', descending: false, nulls: '' },
      { term: { kind: 'alias', value: 'n', table: '' }, aggregate: '', descending: true, nulls: '' },
    ],
  }
  it('takes with it what named it', () => {
    const left = withoutTable(query, 'teams')
    expect(left.joins).toEqual([])
    expect(left.picks.map((pick) => pick.alias)).toEqual(['n'])
    expect(left.where.items).toHaveLength(1)
    expect(left.sort.map((one) => one.term.value)).toEqual(['n'])
    expect(withoutPick(query, 1).sort.map((one) => one.term.value)).toEqual(['team'])
  })
  it('leaves a join without a condition as a cross join', () => {
    const chained = withJoin(query, offerOf(query, 'pets'))
    const on = { all: true, items: [{ term: column('pets', 'owner'), operator: '=' as const, values: [column('teams', 'id')], aggregate: '' as const }] }
    const odd = { ...chained, joins: chained.joins.map((join) => (join.table.name === 'pets' ? { ...join, on } : join)) }
    expect(withoutTable(odd, 'teams').joins.map((join) => [join.table.name, join.kind])).toEqual([['pets', 'cross']])
  })
  it('follows a new name', () => {
    expect(renamedPick(query, 0, 'squad').sort[0]?.term.value).toBe('squad')
    expect(renamedPick(query, 0, '').sort[0]?.term).toEqual(column('teams', 'name'))
  })
})

describe('values', () => {
  it('are numbers where numbers are meant', () => {
    expect([constant('12', true).kind, constant('12', false).kind, constant('a', true).kind, constant('-1.5', true).value]).toEqual(['number', 'text', 'text', '-1.5'])
  })
  it('are as many as the operator takes', () => {
    const one = { term: column('people', 'id'), operator: '=' as const, values: [constant('1', true)], aggregate: '' as const }
    expect([withOperator(one, 'between').values.length, withOperator(one, 'is null').values.length, withOperator(one, 'in').values.length]).toEqual([2, 0, 1])
  })
})
