import { expect, it } from 'vitest'
import { homeOf, newTable } from './new-table'

it.each([
  [{ default_schema: 'public', identity_type: 'bigint' }, null, 'public', 'bigint'],
  [{ default_schema: 'public', identity_type: 'bigint' }, { schema: 'sales' }, 'sales', 'bigint'],
  [{ default_schema: null, identity_type: 'bigint' }, { schema: null }, null, 'bigint'],
  [{ default_schema: null, identity_type: 'integer' }, null, null, 'integer'],
])('starts with %o beside %o in %s with an id of %s', (engine, neighbour, home, type) => {
  const made = newTable('pets', homeOf(neighbour, engine), engine)
  expect([made.schema, made.relation.schema, made.relation.columns[0]?.type]).toEqual([home, home, type])
})
