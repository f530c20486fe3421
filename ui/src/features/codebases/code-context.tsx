// Owns the lines around a place in a file: numbered, coloured, spans marked and the place lit.
import { useQuery } from '@tanstack/react-query'
import type { Codebase, FileContent } from '@/api/types'
import { highlightLines, markPieces, plainLines, type Piece } from '@/lib/highlight'
import { fileQuery } from './api'

const AROUND = 6

export interface Span {
  from: number
  to: number
  className: string
}

interface CodeContextProps {
  codebase: Codebase
  path: string
  line: number
  endLine: number
  /** What stands there as long as the file is not loaded. */
  snippet: string
  /** What to mark on a line of the file. */
  spansOn: (line: number, file: FileContent | undefined) => Span[]
}

export function CodeContext({ codebase, path, line, endLine, snippet, spansOn }: CodeContextProps) {
  const file = useQuery(fileQuery(codebase.id, path)).data
  const all = file?.content.split('\n')
  const end = Math.max(endLine, line)
  const first = all ? Math.max(1, line - AROUND) : line
  const last = all ? Math.min(all.length, end + AROUND) : endLine
  const code = all ? all.slice(first - 1, last).join('\n') : snippet
  const coloured = useQuery({
    queryKey: ['highlight', path, code],
    queryFn: () => highlightLines(path, code),
    staleTime: Infinity,
  }).data
  const lines: Piece[][] = coloured ?? plainLines(code)
  return (
    <div className="code" role="group" aria-label={`Lines ${first} to ${last}`} tabIndex={0}>
      {lines.map((pieces, index) => {
        const number = first + index
        const hit = number >= line && number <= end
        return (
          <span key={number} className={`ln ${hit ? 'hit' : ''}`}>
            <i>{number}</i>
            {markPieces(pieces, spansOn(number, file)).map((piece, at) => (
              <span key={at} className={piece.classes}>
                {piece.text}
              </span>
            ))}
          </span>
        )
      })}
    </div>
  )
}
