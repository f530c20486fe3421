import { describe, expect, it } from 'vitest'
import { bookshopGraph } from '@/testing/graph'
import { stacked } from './flow-layout'
import { flowModel, tableId } from './flow-model'
import { flowSvg, pngScale, tokenValue, type FlowPicture } from './flow-svg'

const graph = bookshopGraph()
graph.tables[0]!.name = 'users & <friends>'
const model = flowModel(graph, { lock: null, path: null }, new Set([tableId('users & <friends>')]))
const picture = (rest: Partial<FlowPicture> = {}): FlowPicture => ({ model, positions: stacked(model.boxes, []), title: 'Lineage of “a”', subtitle: 'shop. Everything', theme: 'light', ...rest })
const parsed = (svg: string) => new DOMParser().parseFromString(svg, 'image/svg+xml')

describe('the picture', () => {
  it('is a document with a title, a legend and the names as text', () => {
    const texts = [...parsed(flowSvg(picture())).querySelectorAll('text')].map((text) => text.textContent)
    expect(texts).toEqual(expect.arrayContaining(['Lineage of “a”', 'shop. Everything', 'users & <friends>', 'email', 'register', 'POST /users', 'Update', 'Foreign key', 'Endpoint reaches code']))
  })

  it('needs nothing else: no variables, no classes, no addresses', () => {
    const svg = flowSvg(picture())
    expect(svg).not.toMatch(/var\(|light-dark|class=|href|url\(|undefined|NaN/)
    expect(svg.match(/https?:[^"]*/g)).toEqual(['http://www.w3.org/2000/svg'])
  })

  it('has the colours of the theme', () => {
    expect(tokenValue('bg', 'light')).toBe('#fcfcfb')
    expect(tokenValue('k-read', 'dark')).toBe('#6cb2f5')
    expect(flowSvg(picture({ theme: 'dark' }))).toContain('fill="#0f1110"')
  })

  it('survives names that are no XML', () => {
    const svg = flowSvg(picture({ title: 'a\u0000b<c>"' }))
    expect(svg).toContain('a\ufffdb&#60;c&#62;&#34;')
  })

  it('stays within what a browser can paint', () => {
    expect(pngScale({ width: 1000, height: 800 })).toBe(2)
    expect(40_000 * pngScale({ width: 1000, height: 40_000 })).toBeLessThanOrEqual(16_000)
  })
})
