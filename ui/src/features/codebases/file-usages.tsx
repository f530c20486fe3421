// Owns the panel beside a file: the columns of the current line, and all columns of the file.
import { Link } from '@tanstack/react-router'
import type { FileContent, Usage } from '@/api/types'
import { KindLetter } from '@/components/marks'
import { plural } from '@/lib/format'
import { kindInfo, tierInfo } from '@/lib/usage-kinds'

function UsageLink({ usage, onLine }: { usage: Usage; onLine: (line: number) => void }) {
  return (
    <li>
      <KindLetter kind={usage.usage_type} />
      <Link
        from="/p/$project"
        to="/p/$project/lineage"
        search={{ table: usage.table_name, column: usage.column_name, usage: usage.id }}
        className="link mono cut"
        title={`${kindInfo(usage.usage_type).label}, ${tierInfo(usage.tier).label}`}
      >
        {usage.table_name}.{usage.column_name}
      </Link>
      <button type="button" className="end small dim mono hover:underline" aria-label={`Go to line ${usage.line_number}`} onClick={() => onLine(usage.line_number)}>
        {usage.line_number}
      </button>
    </li>
  )
}

interface FileUsagesProps {
  file: FileContent
  line: number | null
  onLine: (line: number) => void
}

export function FileUsages({ file, line, onLine }: FileUsagesProps) {
  const here = file.usages.filter((usage) => usage.line_number === line)
  const all = [...file.usages].sort((a, b) => a.line_number - b.line_number)
  return (
    <aside className="fileside" aria-label="Columns used in this file">
      <h2>{line ? `Line ${line}` : 'This line'}</h2>
      {here.length === 0 ? (
        <p className="dim small px-4 pb-3">No columns are used on this line.</p>
      ) : (
        <ul>
          {here.map((usage) => (
            <UsageLink key={usage.id} usage={usage} onLine={onLine} />
          ))}
        </ul>
      )}
      <h2>Whole file: {plural(all.length, 'usage')}</h2>
      <ul>
        {all.map((usage) => (
          <UsageLink key={usage.id} usage={usage} onLine={onLine} />
        ))}
      </ul>
    </aside>
  )
}
