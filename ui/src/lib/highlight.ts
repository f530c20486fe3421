// Owns colouring a few lines of code without an editor: text in, pieces with CSS classes out.
import { classHighlighter, highlightCode } from '@lezer/highlight'
import { grammarFor } from './languages'

export interface Piece {
  text: string
  classes: string
}

/** Each line of the code as coloured pieces; plain pieces for a language without a grammar. */
export async function highlightLines(path: string, code: string): Promise<Piece[][]> {
  const grammar = await grammarFor(path)
  if (grammar === null) return plainLines(code)
  const lines: Piece[][] = [[]]
  highlightCode(
    code,
    grammar.parse(code),
    classHighlighter,
    (text, classes) => lines[lines.length - 1]?.push({ text, classes }),
    () => lines.push([]),
  )
  return lines
}

/** The lines of the code without colours. */
export const plainLines = (code: string): Piece[][] => code.split('\n').map((text) => [{ text, classes: '' }])

export interface Span {
  from: number
  to: number
  className: string
}

/** Cuts the pieces of a line at the borders of spans and adds the spans' classes inside them. */
export function markPieces(pieces: readonly Piece[], spans: readonly Span[]): Piece[] {
  const borders = [...new Set(spans.flatMap((span) => [span.from, span.to]))].sort((a, b) => a - b)
  const marked: Piece[] = []
  let at = 0
  for (const piece of pieces) {
    const end = at + piece.text.length
    const cuts = [at, ...borders.filter((border) => border > at && border < end), end]
    for (let index = 0; index + 1 < cuts.length; index += 1) {
      const [from, to] = [cuts[index] ?? at, cuts[index + 1] ?? end]
      const inside = spans.filter((span) => span.from <= from && to <= span.to).map((span) => span.className)
      marked.push({ text: piece.text.slice(from - at, to - at), classes: [piece.classes, ...inside].filter(Boolean).join(' ') })
    }
    at = end
  }
  return marked
}
