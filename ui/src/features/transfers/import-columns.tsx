// Owns the columns of a file: which column of the table each fills, of what type, and their first values.
import type { ImportPreview } from '@/api/types'
import { Panel, TableScroll } from '@/components/page'

export interface Target {
  target: string
  type: string
}

interface Props {
  preview: ImportPreview
  targets: Target[]
  /** The columns of the table that is filled; null when it is made. */
  known: string[] | null
  onChange: (targets: Target[]) => void
}

export function ImportColumns({ preview, targets, known, onChange }: Props) {
  const change = (place: number, part: Partial<Target>) => onChange(targets.map((one, at) => (at === place ? { ...one, ...part } : one)))
  return (
    <Panel title="Columns">
      <TableScroll label="Columns of the file">
        <table className="table tall">
          <thead>
            <tr>
              {['In the file', 'In the table', ...(known === null ? ['Type'] : []), 'Sample values'].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {preview.columns.map((column, place) => (
              <tr key={column.name}>
                <td className="mono">
                  {column.name} <span className="dim small">{column.kind}</span>
                </td>
                <td>
                  <div className="field">
                    {known === null ? (
                      <input size={14} aria-label={`Name of ${column.name} in the table`} value={targets[place]?.target ?? ''} onChange={(event) => change(place, { target: event.target.value })} />
                    ) : (
                      <select aria-label={`Column that ${column.name} fills`} value={targets[place]?.target ?? ''} onChange={(event) => change(place, { target: event.target.value })}>
                        <option value="">skip</option>
                        {known.map((name) => (
                          <option key={name}>{name}</option>
                        ))}
                      </select>
                    )}
                  </div>
                </td>
                {known === null && (
                  <td>
                    <div className="field">
                      <input size={14} aria-label={`Type of ${column.name}`} className="mono" value={targets[place]?.type ?? ''} onChange={(event) => change(place, { type: event.target.value })} />
                    </div>
                  </td>
                )}
                <td className="w-full max-w-0">
                  <span className="mono dim cut block">
                    {preview.rows
                      .slice(0, 4)
                      .map((row) => row[place] ?? 'NULL')
                      .join(' · ')}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Panel>
  )
}
