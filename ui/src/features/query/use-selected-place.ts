// Owns which cell of a table is selected: it belongs to its row, also when rows are added above it or are read again.
import { useState } from 'react'
import type { Place } from '@/components/grid/grid'
import { useAnchoredPlace } from '@/components/grid/use-selection'
import { keyText } from '@/lib/staged'
import type { StagedRows } from './use-staged-rows'

/**
 * @param shown names the rows that are shown: filter, order, and how often they were read again.
 */
export function useSelectedPlace(staged: StagedRows, count: number, shown: string) {
  const [anchored, setAnchored] = useAnchoredPlace({ added: staged.added, count })
  // The row that was selected: its key (null of an added row, and of one without a key), among the rows that were shown.
  const [chosen, setChosen] = useState<{ key: string | null; shown: string } | null>(null)
  const keyAt = ({ row }: Place) => {
    const key = staged.keyAt(row)
    return key && keyText(key)
  }
  const now = anchored && keyAt(anchored)
  const isSame = chosen?.shown === shown && (chosen.key === null || now === null || now === chosen.key)
  const select = (next: Place | null) => {
    setAnchored(next)
    setChosen(next && { key: keyAt(next), shown })
  }
  return { place: isSame ? anchored : null, select }
}
