// Owns the lines around a usage: numbered, coloured, the usage's columns marked and its line lit.
import { useQuery } from '@tanstack/react-query'
import type { Codebase, Usage } from '@/api/types'
import { highlightLines, markPieces, plainLines, type Piece } from '@/lib/highlight'
import { fileQuery } from './api'

const AROUND = 6

const sameSpan = (a: Usage, b: Usage) => a.line_number === b.line_number && a.start_column === b.start_column && a.end_column === b.end_column

/** What to mark on a line: every usage, the one in detail more than the others. */
function spansOn(line: number, usages: readonly Usage[], chosen: Usage) {
  return usages
    .filter((one) => one.line_number === line)
    .map((one) => ({ from: one.start_column, to: one.end_column, className: sameSpan(one, chosen) ? 'usage-mark chosen' : 'usage-mark' }))
}

export function UsageCode({ usage, codebase }: { usage: Usage; codebase: Codebase }) {
  const file = useQuery(fileQuery(codebase.id, usage.file_path)).data
  const all = file?.content.split('\n')
  const first = all ? Math.max(1, usage.line_number - AROUND) : usage.line_number
  const last = all ? Math.min(all.length, Math.max(usage.end_line, usage.line_number) + AROUND) : usage.end_line
  const code = all ? all.slice(first - 1, last).join('\n') : usage.code_snippet
  const coloured = useQuery({
    queryKey: ['highlight', usage.file_path, code],
    queryFn: () => highlightLines(usage.file_path, code),
    staleTime: Infinity,
  }).data
  const lines: Piece[][] = coloured ?? plainLines(code)
  const marks = all ? (file?.usages ?? [usage]) : []
  return (
    <div className="code" role="group" aria-label={`Lines ${first} to ${last}`} tabIndex={0}>
      {lines.map((pieces, index) => {
        const number = first + index
        const hit = number >= usage.line_number && number <= Math.max(usage.end_line, usage.line_number)
        return (
          <span key={number} className={`ln ${hit ? 'hit' : ''}`}>
            <i>{number}</i>
            {markPieces(pieces, spansOn(number, marks, usage)).map((piece, at) => (
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
