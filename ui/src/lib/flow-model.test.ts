import { describe, expect, it } from 'vitest'
import { bookshopGraph, groupGraph } from '@/testing/graph'
import { fileId, flowModel, tableId, type FlowModel } from './flow-model'
import { lockFocus, lockName, lockOf, lockText, pathOf, type Lock } from './graph-lock'
import { groupModel } from './group-model'

const graph = bookshopGraph()
const drawn = (lock: Lock | null, expanded: string[] = [], of = graph): FlowModel => flowModel(of, { lock, path: lock && pathOf(of, lock) }, new Set(expanded))
const box = (model: FlowModel, id: string) => model.boxes.find((item) => item.id === id)
const rows = (model: FlowModel, id: string) => box(model, id)?.rows.map((row) => [row.name, row.light])
const on = (model: FlowModel) => model.lines.filter((line) => line.light === 'on').map((line) => line.id)
const EMAIL: Lock = { kind: 'column', table: 'users', column: 'email' }

describe('a drawing', () => {
  it('has the columns of a table only once they are asked for', () => {
    expect(box(drawn(null), tableId('users'))).toMatchObject({ rows: [], more: '6 of 6 columns used', expanded: false })
    const open = drawn(null, [tableId('users')])
    expect(rows(open, tableId('users'))?.map(([name]) => name)).toEqual(['email', 'id', 'name', 'fax', 'phone', 'city'])
    expect(box(open, tableId('users'))?.more).toBe('Show fewer columns')
  })

  it('joins what begins and ends at the same rows in one line of the commonest kind', () => {
    const line = drawn(null).lines.find((item) => item.toRow === 'symbol app/service.py::register')
    expect(line).toMatchObject({ from: tableId('users'), fromRow: null, kind: 'write', count: 3, label: '3 usages from service.py:12', tag: '3 usages' })
  })

  it('shows the functions with most usages, and says how many more there are', () => {
    const long = bookshopGraph()
    long.code = [{ ...long.code[0]!, symbols: Array.from({ length: 9 }, (_, index) => ({ symbol: `f${index}`, total: 1, counts: {} })) }]
    long.edges = long.code[0]!.symbols.map(({ symbol }, index) => ({ ...graph.edges[0]!, symbol, count: index + 1 }))
    const file = fileId('app/service.py')
    expect(rows(drawn(null, [], long), file)?.map(([name]) => name)).toEqual(['f4', 'f5', 'f6', 'f7', 'f8'])
    expect(box(drawn(null, [], long), file)?.more).toBe('4 more functions')
    expect(rows(drawn(null, [file], long), file)).toHaveLength(9)
    const locked = drawn({ kind: 'symbol', file: 'app/service.py', symbol: 'f0' }, [], long)
    expect(rows(locked, file)).toContainEqual(['f0', 'locked'])
  })
})

describe('the path', () => {
  it('of a column goes to its code and endpoints, and to the columns of its foreign keys', () => {
    const model = drawn(EMAIL)
    expect(rows(model, tableId('users'))).toEqual([['email', 'locked']])
    expect(rows(model, fileId('app/service.py'))).toEqual([['register', 'on'], ['login', 'on']])
    expect(rows(model, 'endpoints app/api.py')).toEqual([['POST /users', 'on'], ['GET /orders/{id}', 'off']])
    expect(box(model, fileId('app/orders.py'))?.light).toBe('off')
    const id = drawn({ kind: 'column', table: 'users', column: 'id' })
    expect(rows(id, tableId('orders'))).toEqual([['user_id', 'on']])
    expect(id.relations.map((line) => line.light)).toEqual(['on'])
  })

  it('of an endpoint or a function goes back to the columns', () => {
    const endpoint = drawn({ kind: 'endpoint', endpoint: 'e.total' })
    expect(rows(endpoint, tableId('orders'))).toEqual([['user_id', 'on']])
    expect(on(endpoint)).toEqual(['column o.user_id → symbol app/orders.py::total', 'symbol app/orders.py::total → endpoint e.total'])
    const symbol = drawn({ kind: 'symbol', file: 'app/service.py', symbol: 'login' })
    expect(rows(symbol, tableId('users'))).toEqual([['email', 'on']])
    expect(box(symbol, 'endpoints app/api.py')?.light).toBe('off')
    expect(on(drawn({ kind: 'file', file: 'app/service.py' }))).toHaveLength(3)
  })

  it('of a table leaves its columns collapsed', () => {
    const model = drawn({ kind: 'table', table: 'users' })
    expect(box(model, tableId('users'))).toMatchObject({ rows: [], light: 'locked' })
    expect(on(model)).toHaveLength(3)
  })

  it('that has everything lets nothing stand out', () => {
    const small = { ...graph, edges: graph.edges.slice(0, 3), reaches: graph.reaches.slice(0, 1) }
    expect(new Set(drawn(EMAIL, [], small).lines.map((line) => line.light))).toEqual(new Set(['plain']))
  })
})

describe('a lock in the URL', () => {
  it.each<Lock>([EMAIL, { kind: 'table', table: 'public.users' }, { kind: 'file', file: 'a/b.ts' }, { kind: 'symbol', file: 'a::b.ts', symbol: '' }, { kind: 'symbol', file: 'a.rs', symbol: 'f' }, { kind: 'endpoint', endpoint: 'e' }])('is read as it was written: %j', (lock) => {
    expect(lockOf(lockText(lock))).toEqual(lock)
  })

  it.each([undefined, '', 'column', 'column:users', 'column:users::', 'colour:red', ':x'])('is none when it is nonsense: %s', (text) => {
    expect(lockOf(text)).toBeNull()
  })

  it('has a name and a question', () => {
    expect(lockName({ kind: 'endpoint', endpoint: 'e.total' }, graph)).toBe('GET /orders/{id}')
    expect(lockName({ kind: 'symbol', file: 'a/b.ts', symbol: '' }, graph)).toBe('b.ts, outside functions')
    expect(lockFocus(EMAIL)).toEqual({ table: 'users', column: 'email' })
  })
})

describe('a drawing of groups', () => {
  it('has the most used tables, and the parts of the code, which can be opened', () => {
    const model = groupModel(groupGraph(), null, 1)
    expect(model.boxes.map((item) => item.name)).toEqual(['users', 'services/api', 'services/jobs'])
    expect(model.boxes[1]).toMatchObject({ opens: { name: 'services/api', kind: 'service' }, more: '4 files' })
    expect(model.lines.map((line) => [line.count, line.kind])).toEqual([[6, 'read'], [2, 'update']])
    expect(model.relations).toEqual([])
  })

  it('locks the path of a table', () => {
    const model = groupModel(groupGraph(), { kind: 'table', table: 'orders' }, 9)
    expect(Object.fromEntries(model.boxes.map((item) => [item.name, item.light]))).toEqual({ users: 'on', orders: 'locked', 'services/api': 'on', 'services/jobs': 'off' })
    expect(on(model)).toEqual(['table orders → group services/api'])
  })
})
