// Owns which cell of a table is selected: it belongs to its row, also when rows are added above it or are read again.
import { useState } from 'react'
import type { Place } from '@/components/grid/grid'
import { anchorOf, rowOf, type RowAnchor } from '@/lib/row-anchor'
import { keyText } from '@/lib/staged'
import type { StagedRows } from './use-staged-rows'

interface Spot {
  row: RowAnchor
  column: number
  /** The key of the row when it was selected; null of an added row, and of one without a key. */
  key: string | null
  /** The rows that were shown: other rows have no selection yet. */
  shown: string
}

/**
 * @param shown names the rows that are shown: filter, order, and how often they were read again.
 */
export function useSelectedPlace(staged: StagedRows, count: number, shown: string) {
  const [spot, setSpot] = useState<Spot | null>(null)
  const keyAt = (row: number) => {
    const key = staged.keyAt(row)
    return key && keyText(key)
  }
  const row = spot?.shown === shown ? rowOf(spot.row, staged.added, count) : null
  const now = row === null ? null : keyAt(row)
  const isSame = spot !== null && (spot.key === null || now === null || now === spot.key)
  const place: Place | null = spot && row !== null && isSame ? { row, column: spot.column } : null
  const select = (next: Place | null) => setSpot(next && { row: anchorOf(next.row, staged.added), column: next.column, key: keyAt(next.row), shown })
  return { place, select }
}
