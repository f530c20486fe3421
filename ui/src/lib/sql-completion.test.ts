import { describe, expect, it } from 'vitest'
import type { LiveSchema } from '@/api/types'
import { statementAt, suggestions } from './sql-completion'

const relation = (name: string, columns: string[], foreign_keys: object[] = []) => ({
  name, schema: 'public', kind: 'table', primary_key: ['id'], foreign_keys, columns: columns.map((column) => ({ name: column, type: 'int' })),
})
const schema = {
  relations: [relation('users', ['id', 'email']), relation('orders', ['id', 'user_id', 'Total'], [{ columns: ['user_id'], ref_table: 'users', ref_columns: ['id'] }])],
} as unknown as LiveSchema

const at = (text: string) => suggestions(text.replace('|', ''), text.indexOf('|'), schema).map((one) => one.insert)

describe('suggestions', () => {
  it('offers tables after FROM and JOIN', () => expect(at('select * from |')).toEqual(['users', 'orders']))
  it('offers the columns of an alias, quoted where they must be', () => expect(at('select o.| from orders o')).toEqual(['id', 'user_id', '"Total"']))
  it('offers the join by foreign key, in either direction', () => {
    expect(at('select * from orders o join users u on |')[0]).toBe('o.user_id = u.id')
    expect(at('select * from users u join orders o on |')[0]).toBe('o.user_id = u.id')
  })
  it('knows the columns of a CTE', () => expect(at('with big as (select id, count(*) as n from orders group by 1) select b.| from big b')).toEqual(['id', 'n']))
  it('only sees the statement of the caret', () => expect(at('select * from users; select | from orders').slice(0, 3)).toEqual(['id', 'user_id', '"Total"']))
})

describe('the statement at the caret', () => {
  const text = "select ';' as a; -- one; two\nselect 2;\n"
  it('does not end at a semicolon in quotes', () => expect(statementAt(text, 3).text).toBe("select ';' as a;"))
  it('takes the last one when the caret stands behind it', () => expect(statementAt(text, text.length).text).toContain('select 2'))
})
