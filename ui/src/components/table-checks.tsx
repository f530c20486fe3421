// Owns choosing tables by check boxes, with what each holds.
import { count } from '@/lib/format'

export interface CheckedTable {
  name: string
  rows: number | null | undefined
}

interface ChecksProps {
  label: string
  tables: readonly CheckedTable[]
  chosen: ReadonlySet<string>
  onChange: (chosen: Set<string>) => void
}

export function TableChecks({ label, tables, chosen, onChange }: ChecksProps) {
  const toggle = (name: string, on: boolean) => {
    const now = new Set(chosen)
    if (on) now.add(name)
    else now.delete(name)
    onChange(now)
  }
  return (
    <ul className="checks" aria-label={label}>
      {tables.map(({ name, rows }) => (
        <li key={name}>
          <label title={name}>
            <input type="checkbox" checked={chosen.has(name)} onChange={(event) => toggle(name, event.target.checked)} />
            <code className="cut">{name}</code>
            {rows !== null && rows !== undefined && <span className="end faint small">{count(Math.max(0, rows))}</span>}
          </label>
        </li>
      ))}
    </ul>
  )
}
