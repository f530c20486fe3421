import { describe, expect, it } from 'vitest'
import type { Tier, UsageKind } from '@/api/types'
import { bookshopGraph } from '@/testing/graph'
import { columnPort, fileId, HEAD, layoutInput, positionsFrom, ROW, symbolPort, TABLE_WIDTH, tableId } from './flow-layout'
import { graphView } from './graph-view'
import { KINDS } from './usage-kinds'

const shown = { kinds: new Set<UsageKind>(KINDS.map((info) => info.kind)), tiers: new Set<Tier>(['A', 'B', 'C']) }
const input = layoutInput(graphView(bookshopGraph(), shown))
const node = (id: string) => input.children?.find((child) => child.id === id)

describe('layoutInput', () => {
  it('puts tables in the first layer and files in the second', () => {
    const partition = (id: string) => node(id)?.layoutOptions?.['elk.partitioning.partition']
    expect(partition(tableId('users'))).toBe('0')
    expect(partition(fileId('app/service.py'))).toBe('1')
  })

  it('sizes a box by its rows, one more for the columns left out, and a port in the middle of each row', () => {
    const users = node(tableId('users'))
    expect(users?.height).toBe(HEAD + ROW * 6)
    expect(users?.ports?.[1]).toMatchObject({ x: TABLE_WIDTH, y: HEAD + ROW * 1.5 })
  })

  it('joins ports, not boxes', () => {
    expect(input.edges).toContainEqual(
      expect.objectContaining({ sources: [columnPort('u.email')], targets: [symbolPort('app/service.py', 'login')] }),
    )
    expect(input.edges).toHaveLength(3)
  })
})

describe('positionsFrom', () => {
  it('starts both sides at the top and keeps their order', () => {
    const answer = { id: 'root', children: [{ id: 'table a', x: 3, y: 120 }, { id: 'table b', x: 3, y: 300 }, { id: 'file x', x: 500, y: 40 }] }
    expect(positionsFrom(answer)).toMatchObject({ 'table a': { y: 0 }, 'table b': { y: 180 }, 'file x': { y: 0 } })
  })
})
