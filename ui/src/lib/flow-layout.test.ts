import { describe, expect, it } from 'vitest'
import { bookshopGraph } from '@/testing/graph'
import { bounds, drawnLines, HEAD, heightOf, layoutInput, lineOpacity, orderFrom, portY, ROW, stacked } from './flow-layout'
import { fileId, flowModel, tableId, type FlowBox } from './flow-model'
import { pathOf } from './graph-lock'

const NOTHING = { lock: null, path: null }
const model = flowModel(bookshopGraph(), NOTHING, new Set([tableId('users')]))
const box = (id: string) => model.boxes.find((item) => item.id === id) as FlowBox

describe('the question for ELK', () => {
  const input = layoutInput(model)
  const node = (id: string) => input.children?.find((child) => child.id === id)

  it('puts tables, code and endpoints into layers of their own', () => {
    const partition = (id: string) => node(id)?.layoutOptions?.['elk.partitioning.partition']
    expect([tableId('users'), fileId('app/service.py'), 'endpoints app/api.py'].map(partition)).toEqual(['0', '1', '2'])
  })

  it('sizes a box by its rows and puts a port in the middle of each row', () => {
    expect(node(tableId('users'))?.height).toBe(HEAD + ROW * 7)
    expect(node(tableId('users'))?.ports?.[1]).toMatchObject({ x: 220, y: HEAD + ROW * 1.5 })
  })

  it('joins ports that exist', () => {
    const ports = new Set(input.children?.flatMap((child) => child.ports?.map((port) => port.id) ?? []))
    expect(input.edges?.length).toBe(5)
    for (const edge of input.edges ?? []) for (const end of [...edge.sources, ...edge.targets]) expect(ports).toContain(end)
  })
})

describe('positions', () => {
  it('stack each layer in the order of the answer, with newcomers at the end', () => {
    const order = orderFrom({ id: 'root', children: [{ id: tableId('orders'), y: 3 }, { id: tableId('users'), y: 90 }] })
    const positions = stacked(model.boxes, order)
    expect(positions[tableId('orders')]?.y).toBe(0)
    expect(positions[tableId('users')]?.y).toBe(heightOf(box(tableId('orders'))) + 16)
    const newcomers = stacked(model.boxes, [tableId('users')])
    expect(newcomers[tableId('orders')]?.y).toBeGreaterThan(0)
  })

  it('span the drawing', () => {
    const positions = stacked(model.boxes, [])
    expect(bounds(model.boxes, { ...positions, [tableId('users')]: { x: -50, y: -10 } })).toMatchObject({ x: -50, y: -10 })
  })
})

describe('lines', () => {
  it('end at the row, or at the last one when the row is not shown', () => {
    const orders = box(tableId('orders'))
    expect(portY(box(tableId('users')), 'column u.email')).toBe(HEAD + ROW / 2)
    expect(orders.rows).toEqual([])
    expect(portY(orders, null)).toBe(HEAD + ROW / 2)
  })

  it('of the locked path come last and stand out', () => {
    const graph = bookshopGraph()
    const lock = { kind: 'column', table: 'orders', column: 'user_id' } as const
    const locked = flowModel(graph, { lock, path: pathOf(graph, lock) }, new Set())
    const lines = drawnLines(locked, stacked(locked.boxes, []))
    expect(lines.map(({ line }) => line.light)).toEqual(['off', 'off', 'off', 'on', 'on', 'on'])
    expect(lineOpacity(lines.at(-1)!.line, 6)).toBeGreaterThan(lineOpacity(lines[0]!.line, 6) * 5)
  })
})
