import { describe, expect, it } from 'vitest'
import type { LiveColumn, LiveRelation } from '@/api/types'
import { balanced, hub, isStale, layoutInput, linesOf, withNewcomers } from './layout'
import { folded, keyBetween, describeChange, type Staged } from './staging'
import { isNear } from './use-detail'

const column = (name: string, type = 'bigint') => ({ name, type, nullable: true, default: null }) as unknown as LiveColumn
const relation = (name: string, columns: string[], keys: unknown[] = []) => ({ name, schema: 'public', kind: 'table', columns: columns.map((one) => column(one)), primary_key: ['id'], foreign_keys: keys }) as unknown as LiveRelation
const TEAMS = relation('teams', ['id', 'name'])
const PEOPLE = relation('people', ['id', 'team_id'], [{ columns: ['team_id'], ref_table: 'teams', ref_schema: 'public', ref_columns: ['id'] }])
const at = (table: string) => ({ table, schema: 'public' })

describe('staged changes', () => {
  it('are folded in order, and keys follow new names', () => {
    const changes: Staged[] = [
      { kind: 'RenameTable', ...at('teams'), new_name: 'squads' },
      { kind: 'RenameColumn', ...at('squads'), column: 'id', new_name: 'key' },
      { kind: 'AddColumn', ...at('people'), column: column('email', 'text') },
    ]
    const { relations, marks } = folded([TEAMS, PEOPLE], changes)
    expect(relations.map((one) => one.name)).toEqual(['squads', 'people'])
    expect(relations[0]?.primary_key).toEqual(['key'])
    expect(relations[1]?.foreign_keys?.[0]).toMatchObject({ ref_table: 'squads', ref_columns: ['key'] })
    expect([marks.get('public.squads'), marks.get('public.people email')]).toEqual(['changed', 'new'])
  })
  it('fall away with what they stand on', () => {
    const add: Staged = { kind: 'AddTable', ...at('pets'), relation: relation('pets', ['id']) }
    const more: Staged = { kind: 'AddColumn', ...at('pets'), column: column('owner') }
    const key = keyBetween({ relation: relation('pets', ['id', 'owner']), column: 'owner' }, { relation: PEOPLE, column: 'id' })
    expect(folded([PEOPLE], [add, more, key]).kept).toHaveLength(3)
    expect(folded([PEOPLE], [more, key]).kept).toEqual([])
    expect(folded([PEOPLE], [add, key]).kept).toEqual([add])
    expect(folded([PEOPLE, TEAMS], [{ kind: 'RenameTable', ...at('people'), new_name: 'teams' }]).kept).toEqual([])
  })
  it('take keys away with the table or column that they refer to', () => {
    expect(folded([TEAMS, PEOPLE], [{ kind: 'DropTable', ...at('teams') }]).relations[0]?.foreign_keys).toEqual([])
    expect(folded([TEAMS, PEOPLE], [{ kind: 'DropColumn', ...at('people'), column: 'team_id' }]).relations[1]?.foreign_keys).toEqual([])
    expect(folded([TEAMS, PEOPLE], [{ kind: 'DropForeignKey', ...at('people'), name: null, columns: ['team_id'] }]).relations[1]?.foreign_keys).toEqual([])
  })
  it('are told in words, and a key is drawn in either direction', () => {
    const key = keyBetween({ relation: TEAMS, column: 'id' }, { relation: PEOPLE, column: 'team_id' })
    expect(describeChange(key)).toBe('Add foreign key from people.team_id to teams.id')
    expect(describeChange({ kind: 'SetNullable', ...at('people'), column: 'team_id', nullable: false })).toBe('Set NOT NULL on people.team_id')
  })
})

describe('the arrangement', () => {
  it('knows the lines between tables that are there', () => {
    expect(linesOf([TEAMS, PEOPLE]).map((line) => [line.from, line.to])).toEqual([['public.people', 'public.teams']])
    expect(linesOf([PEOPLE])).toEqual([])
    expect(layoutInput([TEAMS, PEOPLE]).edges).toHaveLength(1)
  })
  it('folds a column that is far too tall', () => {
    const many = Array.from({ length: 120 }, (_, at) => relation(`t${at}`, ['id', 'a', 'b']))
    const tall = Object.fromEntries(many.map((one, at) => [`public.${one.name}`, { x: 0, y: at * 120 }]))
    const found = Object.values(balanced(tall, many))
    const [width, height] = [Math.max(...found.map((one) => one.x)), Math.max(...found.map((one) => one.y))]
    expect(found).toHaveLength(120)
    expect(width / height).toBeGreaterThan(0.5)
    expect(width / height).toBeLessThan(3)
    expect(new Set(found.map((one) => `${one.x} ${one.y}`)).size).toBe(120)
    expect(balanced({ 'public.teams': { x: 3, y: 4 } }, [TEAMS])).toEqual({ 'public.teams': { x: 3, y: 4 } })
  })
  it('begins at the table with the most lines', () => {
    expect(hub([TEAMS, PEOPLE, relation('pets', ['id', 'p'], [{ columns: ['p'], ref_table: 'people', ref_columns: ['id'] }])])[0]).toBe('public.people')
    expect(hub([TEAMS])).toEqual(['public.teams'])
  })
  it('is kept when a table comes, and made anew when most are others', () => {
    const known = { 'public.teams': { x: 10, y: 20 }, 'public.people': { x: 300, y: 0 } }
    const pets = relation('pets', ['id'])
    expect(isStale(known, [TEAMS, PEOPLE, pets])).toBe(false)
    expect(isStale({}, [TEAMS])).toBe(true)
    expect(withNewcomers(known, [TEAMS, PEOPLE, pets])).toEqual({ ...known, 'public.pets': { x: 564, y: 0 } })
  })
})

describe('which boxes show their columns', () => {
  const box = { x: 0, y: 0, width: 216, height: 200 }
  it('is none from afar', () => {
    expect(isNear([0, 0, 0.49], 1000, 800, box)).toBe(false)
    expect(isNear([0, 0, 0.5], 1000, 800, box)).toBe(true)
  })
  it('is none before the size of the view is known', () => expect(isNear([0, 0, 1], 0, 0, box)).toBe(false))
  it('is every box in view, wherever the view was moved to', () => {
    for (let x = -1200; x < 3000; x += 37) {
      const inView = x + box.width > 0 && x < 1000
      if (inView) expect(isNear([0, 0, 1], 1000, 800, { ...box, x })).toBe(true)
      expect(isNear([-x, 0, 1], 1000, 800, { ...box, x: x + 500 })).toBe(true)
    }
    expect(isNear([0, 0, 1], 1000, 800, { ...box, x: 3000 })).toBe(false)
    expect(isNear([0, 0, 1], 1000, 800, { ...box, y: -1000 })).toBe(false)
  })
})
