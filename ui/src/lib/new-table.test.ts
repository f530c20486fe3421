import { expect, it } from 'vitest'
import { homeOf, newTable } from './new-table'

it.each([
  ['postgresql', null, 'public', 'bigint'],
  ['postgresql', { schema: 'sales' }, 'sales', 'bigint'],
  ['mysql', { schema: null }, null, 'bigint'],
  ['sqlite', null, null, 'integer'],
])('begins on %s beside %o in %s with an id of %s', (engine, neighbour, home, type) => {
  const made = newTable('pets', homeOf(neighbour, engine), engine)
  expect([made.schema, made.relation.schema, made.relation.columns[0]?.type]).toEqual([home, home, type])
})
