// Owns the rows of the grid as they are with what is staged: added rows on top, changed cells in place, deleted rows marked.
import { useMemo, useState } from 'react'
import type { Cell, LiveRelation, RowsPage } from '@/api/types'
import { addRow, edits, keyOf, keyText, NOTHING, setAdded, setCell, size, toggleDelete } from '@/lib/staged'
import type { Place } from '@/components/grid/grid'

interface Source {
  first: RowsPage | undefined
  /** The cells of a row of the table, or null while it is on its way. */
  row: (at: number) => readonly Cell[] | null
  isCut: (at: number, column: number) => boolean
}

export function useStagedRows(relation: LiveRelation, { first, row, isCut }: Source) {
  const [staged, setStaged] = useState(NOTHING)
  const columns = first?.columns ?? []
  const added = staged.added.length
  const input = useMemo(() => ({ table: relation.name, schema: relation.schema ?? null, edits: edits(staged) }), [relation, staged])
  const original = (at: number) => (at < added ? null : row(at - added))
  const keyAt = (at: number) => {
    const cells = original(at)
    return cells && first ? keyOf(first.key, columns, cells) : null
  }
  const changeAt = (at: number) => {
    const key = staged.changed.size > 0 ? keyAt(at) : null
    return key && (staged.changed.get(keyText(key))?.values ?? null)
  }
  // Added rows stand on top, so that they are seen; the table's own follow.
  const cells = (at: number): readonly Cell[] | null => {
    if (at < added) return columns.map((column) => staged.added[at]?.[column.name] ?? null)
    const found = original(at)
    const change = changeAt(at)
    return found && change ? found.map((cell, column) => (columns[column] && columns[column].name in change ? (change[columns[column].name] ?? null) : cell)) : found
  }
  const tone = (at: number, column: number) => {
    if (at < added) return 'is-add'
    const key = keyAt(at)
    if (key !== null && staged.deleted.has(keyText(key))) return 'is-del'
    return columns[column] && columns[column].name in (changeAt(at) ?? {}) ? 'is-change' : ''
  }
  /** Stages values of a row together; `was` holds those of which the page shows only the beginning. */
  const edit = (at: number, values: Record<string, Cell>, was: Record<string, Cell> = {}) => {
    const key = keyAt(at)
    const before = original(at)
    setStaged((now) =>
      Object.entries(values).reduce((next, [name, value]) => {
        if (at < added) return setAdded(next, at, name, value)
        return key === null ? next : setCell(next, key, name, name in was ? (was[name] ?? null) : (before?.[columns.findIndex((column) => column.name === name)] ?? null), value)
      }, now),
    )
  }
  /** What the database puts into a column of an added row: its default; null where it is NULL or was entered. */
  const filled = (at: number, column: number) => {
    const name = columns[column]?.name
    if (at >= added || name === undefined || name in (staged.added[at] ?? {})) return null
    const declared = relation.columns.find((one) => one.name === name)
    return declared && (declared.default !== null || declared.identity || declared.generated !== null) ? 'default' : null
  }
  return {
    added,
    filled,
    cells,
    tone,
    keyAt,
    edit,
    input,
    size: size(staged),
    editCell: ({ row: at, column }: Place, value: Cell) => columns[column] && edit(at, { [columns[column].name]: value }),
    /** Whether the page shows only the beginning of a value; what is staged is there whole. */
    isCut: (at: number, column: number) => at >= added && !(columns[column] && columns[column].name in (changeAt(at) ?? {})) && isCut(at - added, column),
    add: (values: Record<string, Cell>) => setStaged((now) => addRow(now, values)),
    remove: (rows: number[]) => setStaged((now) => toggleDelete(now, rows.map(keyAt).filter((key) => key !== null))),
    discard: () => setStaged(NOTHING),
  }
}

export type StagedRows = ReturnType<typeof useStagedRows>
