// Owns how a row of a grid is remembered while rows are added above it: an added row by its number, a stored row by its own. Pure.

export interface RowAnchor {
  added: boolean
  number: number
}

/** Remembers a row of a grid that shows `added` new rows above the stored ones. */
export const anchorOf = (row: number, added: number): RowAnchor => (row < added ? { added: true, number: row } : { added: false, number: row - added })

/** The row where a remembered one is now; null if it is gone. */
export function rowOf(anchor: RowAnchor, added: number, count: number): number | null {
  const row = anchor.added ? anchor.number : anchor.number + added
  const isThere = anchor.added ? anchor.number < added : row < count
  return isThere ? row : null
}
