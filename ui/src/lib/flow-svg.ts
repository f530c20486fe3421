// Owns the drawing as a file: an SVG with real text, a title and a legend, in the colours of a theme; and the same as PNG.
import tokens from '@/styles/tokens.css?raw'
import { bounds, drawnLines, HEAD, heightOf, lineOpacity, lineWidth, ROW, widthOf, type Positions } from './flow-layout'
import type { FlowBox, FlowModel, FlowRow } from './flow-model'
import { count } from './format'
import { WHOLE_ROW } from './graph-view'
import type { Theme } from './theme'
import { typeGlyph } from './type-glyph'
import { KINDS, kindInfo, languageMark } from './usage-kinds'

const MARGIN = 32
const TITLE = 56
const LEGEND = 44
const SANS = 'Inter, system-ui, -apple-system, Segoe UI, sans-serif'
const MONO = 'JetBrains Mono, ui-monospace, SFMono-Regular, Menlo, Consolas, monospace'
/** Browsers refuse canvases that are much larger. */
const MOST_PIXELS = 100_000_000
const MOST_SIDE = 16_000

export const escaped = (text: string): string =>
  // Control characters are not allowed in XML, not even escaped.
  // eslint-disable-next-line no-control-regex
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd').replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** The value of a design token in a theme, as a file needs it: without variables. */
export function tokenValue(name: string, theme: Theme): string {
  const value = new RegExp(`--${name}:\\s*([^;]+);`).exec(tokens)?.[1]?.trim() ?? 'currentColor'
  const other = /^var\(--([\w-]+)\)$/.exec(value)?.[1]
  if (other) return tokenValue(other, theme)
  const [, light, dark] = /^light-dark\(([^,()]+),\s*([^,()]+)\)$/.exec(value) ?? []
  return (theme === 'dark' ? dark : light) ?? value
}

type Colour = (token: string) => string

/** A text that is cut where it would be wider, for the widest of the fonts that may be there; of a path or method its end stays. */
function cut(text: string, width: number, each: number, fromStart: boolean): string {
  const most = Math.max(1, Math.floor(width / each))
  if (text.length <= most) return text
  return fromStart ? `…${text.slice(text.length - most + 1)}` : `${text.slice(0, most - 1)}…`
}

interface TextStyle {
  fill: string
  mono?: boolean
  bold?: boolean
  end?: boolean
  size?: number
}

function textAt(x: number, y: number, text: string, { fill, mono = false, bold = false, end = false, size = 12 }: TextStyle): string {
  return `<text x="${x}" y="${y}" fill="${fill}" font-family="${mono ? MONO : SANS}" font-size="${size}"${bold ? ' font-weight="600"' : ''}${end ? ' text-anchor="end"' : ''}>${escaped(text)}</text>`
}

function kindMarks(kinds: FlowRow['kinds'], right: number, y: number, colour: Colour): string {
  return kinds
    .map((kind, index) => {
      const x = right - (kinds.length - index) * 18
      return `<rect x="${x}" y="${y - 12}" width="16" height="16" rx="3" fill="${colour(`k-${kind}`)}" fill-opacity=".16"/>${textAt(x + 4.5, y, kindInfo(kind).letter, { fill: colour(`k-${kind}`), mono: true, bold: true, size: 11 })}`
    })
    .join('')
}

function rowText(row: FlowRow): string {
  if (row.column) return row.name === WHOLE_ROW ? 'whole row' : row.name
  return row.name || 'outside functions'
}

function rowAt(row: FlowRow, width: number, y: number, colour: Colour): string {
  const back = row.light === 'locked' ? `<rect x="1" y="${y - 16}" width="${width - 2}" height="${ROW}" fill="${colour('accent-soft')}"/>` : ''
  const fill = row.light === 'locked' ? colour('accent') : colour('text')
  const glyph = row.column ? typeGlyph(row.column.type, row.column.primary_key) : null
  const sign = glyph ? textAt(9, y, glyph === 'key' ? '⚿' : glyph.text, { fill: colour('faint') }) : ''
  const left = glyph ? 30 : 8
  const right = width - 8
  const total = row.total === null ? '' : textAt(right, y, count(row.total), { fill: colour('dim'), end: true, size: 11 })
  const marks = kindMarks(row.kinds, right - 30, y, colour)
  const room = right - left - (row.total === null ? 0 : 30) - row.kinds.length * 18 - 6
  return back + sign + textAt(left, y, cut(rowText(row), room, 7.3, row.lock.kind === 'symbol'), { fill, mono: true, bold: row.light === 'locked' }) + marks + total
}

function boxAt(box: FlowBox, at: { x: number; y: number }, colour: Colour): string {
  const [width, height] = [widthOf(box), heightOf(box)]
  const mark = box.kind === 'file' ? languageMark(box.language) : box.kind === 'endpoints' ? 'http' : box.kind
  const total = count(box.total)
  const room = width - 30 - mark.length * 6.8 - total.length * 7
  const rows = box.rows.map((row, index) => `<g${row.light === 'off' ? ' opacity=".35"' : ''}>${rowAt(row, width, HEAD + ROW * index + 16, colour)}</g>`).join('')
  const more = box.more === null ? '' : textAt(8, HEAD + ROW * box.rows.length + 16, box.more, { fill: colour('dim'), size: 11 })
  const line = height > HEAD ? `<path d="M0 ${HEAD - 0.5}H${width}" stroke="${colour('line')}"/>` : ''
  return `<g transform="translate(${at.x} ${at.y})"${box.light === 'off' ? ' opacity=".3"' : ''}><title>${escaped(box.name)}</title><rect width="${width}" height="${height}" rx="6" fill="${colour('raised')}" stroke="${colour(box.light === 'locked' ? 'accent' : 'line')}"/>${textAt(8, 18, mark, { fill: colour('dim'), mono: true, size: 11 })}${textAt(16 + mark.length * 6.8, 18, cut(box.name, room, 8, box.layer > 0), { fill: colour('text'), bold: true })}${textAt(width - 8, 18, total, { fill: colour('dim'), end: true, size: 11 })}${line}${rows}${more}</g>`
}

function legendAt(x: number, y: number, colour: Colour): string {
  const kinds = KINDS.map(({ kind, label }, index) => `${kindMarks([kind], x + 18 + index * 104, y, colour)}${textAt(x + 24 + index * 104, y, label, { fill: colour('dim') })}`).join('')
  const end = x + KINDS.length * 104
  return `${kinds}<path d="M${end} ${y - 4}h28" stroke="${colour('control')}" stroke-dasharray="3 3"/>${textAt(end + 34, y, 'Foreign key', { fill: colour('dim') })}<path d="M${end + 116} ${y - 4}h28" stroke="${colour('dim')}"/>${textAt(end + 150, y, 'Endpoint reaches code', { fill: colour('dim') })}`
}

export interface FlowPicture {
  model: FlowModel
  positions: Positions
  title: string
  subtitle: string
  theme: Theme
}

/** The size of a picture in pixels at scale 1. */
export function pictureSize({ model, positions }: FlowPicture): { width: number; height: number } {
  const area = bounds(model.boxes, positions)
  return { width: Math.ceil(Math.max(area.width + 100, 1020) + 2 * MARGIN), height: Math.ceil(area.height + TITLE + LEGEND + 2 * MARGIN) }
}

/** The picture as an SVG document that needs nothing else. */
export function flowSvg(picture: FlowPicture): string {
  const { model, positions, title, subtitle, theme } = picture
  const colour: Colour = (token) => tokenValue(token, theme)
  const area = bounds(model.boxes, positions)
  const { width, height } = pictureSize(picture)
  const lines = drawnLines(model, positions).map(({ line, path }) => {
    const isRelation = model.relations.includes(line)
    const stroke = isRelation ? colour('control') : line.kind === null ? colour('dim') : colour(`k-${line.kind}`)
    return `<path d="${path}" stroke="${stroke}" stroke-width="${lineWidth(line).toFixed(2)}" stroke-opacity="${lineOpacity(line, model.lines.length).toFixed(2)}"${isRelation ? ' stroke-dasharray="3 3"' : ''}><title>${escaped(line.label)}</title></path>`
  })
  const boxes = model.boxes.flatMap((box) => {
    const at = positions[box.id]
    return at ? [boxAt(box, at, colour)] : []
  })
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title><desc>${escaped(subtitle)}</desc>
<rect width="${width}" height="${height}" fill="${colour('bg')}"/>
${textAt(MARGIN, MARGIN + 16, title, { fill: colour('text'), bold: true, size: 18 })}
${textAt(MARGIN, MARGIN + 36, subtitle, { fill: colour('dim') })}
<g transform="translate(${MARGIN + 80 - area.x} ${MARGIN + TITLE - area.y})"><g fill="none">${lines.join('\n')}</g>
${boxes.join('\n')}</g>
${legendAt(MARGIN, height - MARGIN, colour)}
</svg>
`
}

/** The scale at which a browser can still paint the picture: 2 when it is not large. */
export const pngScale = ({ width, height }: { width: number; height: number }): number => Math.min(2, Math.sqrt(MOST_PIXELS / (width * height)), MOST_SIDE / Math.max(width, height))

/** The picture as PNG, painted by the browser from the SVG. */
export async function flowPng(picture: FlowPicture): Promise<Blob> {
  const size = pictureSize(picture)
  const scale = pngScale(size)
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(flowSvg(picture))}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(size.width * scale)
  canvas.height = Math.round(size.height * scale)
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
  return await new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The browser could not paint the picture. Export it as SVG.'))), 'image/png'))
}
