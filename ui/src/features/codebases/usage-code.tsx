// Owns the lines around a usage: the usage's columns are marked, the one in detail more than the others.
import type { Codebase, FileContent, Usage } from '@/api/types'
import { CodeContext } from './code-context'

const sameSpan = (a: Usage, b: Usage) => a.line_number === b.line_number && a.start_column === b.start_column && a.end_column === b.end_column

export function UsageCode({ usage, codebase }: { usage: Usage; codebase: Codebase }) {
  const spansOn = (line: number, file: FileContent | undefined) =>
    (file?.usages ?? (file ? [usage] : []))
      .filter((one) => one.line_number === line)
      .map((one) => ({ from: one.start_column, to: one.end_column, className: sameSpan(one, usage) ? 'usage-mark chosen' : 'usage-mark' }))
  return (
    <CodeContext codebase={codebase} path={usage.file_path} line={usage.line_number} endLine={usage.end_line} snippet={usage.code_snippet} spansOn={spansOn} />
  )
}
