// Owns how cells are written: on the screen, as TSV, CSV, JSON and SQL for the clipboard.
import type { Cell, ResultColumn } from '@/api/types'

// Longer values are cut where a cell is drawn; the whole value is read when somebody opens it.
const DRAWN = 300

/** A cell on one line, exactly as it is stored but for line ends, which are drawn as a sign. */
export const cellLine = (cell: Cell): string => cellText(cell).slice(0, DRAWN).replaceAll(/\r\n|[\r\n]/g, '↵')

export const cellText = (cell: Cell): string => (cell === null ? 'NULL' : String(cell))

const tsvCell = (cell: Cell) => (cell === null ? '' : String(cell).replaceAll('\t', ' ').replaceAll(/\r?\n/g, ' '))

function csvCell(cell: Cell): string {
  if (cell === null) return ''
  const text = String(cell)
  return /[",\r\n]/.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text
}

export function sqlLiteral(cell: Cell): string {
  if (cell === null) return 'NULL'
  if (typeof cell === 'boolean') return cell ? 'TRUE' : 'FALSE'
  return typeof cell === 'number' ? String(cell) : `'${cell.replaceAll("'", "''")}'`
}

export const quoteName = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)

export type RowFormat = 'tsv' | 'csv' | 'json' | 'sql'

/** The rows in a form for the clipboard; `table` is what INSERTs name. */
export function formatRows(form: RowFormat, columns: readonly ResultColumn[], rows: readonly (readonly Cell[])[], table = 'result'): string {
  const names = columns.map((column) => column.name)
  switch (form) {
    case 'tsv':
      return [names.join('\t'), ...rows.map((row) => row.map(tsvCell).join('\t'))].join('\n')
    case 'csv':
      return [names.map(csvCell).join(','), ...rows.map((row) => row.map(csvCell).join(','))].join('\r\n')
    case 'json':
      return JSON.stringify(
        rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] ?? null]))),
        null,
        1,
      )
    case 'sql': {
      const list = names.map(quoteName).join(', ')
      return rows.map((row) => `INSERT INTO ${quoteName(table)} (${list}) VALUES (${row.map(sqlLiteral).join(', ')});`).join('\n')
    }
  }
}
