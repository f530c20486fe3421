// Owns fetching a value that the grid shows cut, before it is edited.
import { useEffect, useState, type ReactNode } from 'react'
import type { Cell } from '@/api/types'
import { tellFailure } from '@/lib/download'

/** Fetches the whole value once, then shows what `render` makes of it. */
export function WholeCell({ load, render }: { load: () => Promise<Cell>; render: (value: Cell) => ReactNode }) {
  const [value, setValue] = useState<{ whole: Cell } | null>(null)
  useEffect(() => {
    void tellFailure(async () => setValue({ whole: await load() }))
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each editor that opens
  }, [])
  return value === null ? <span className="dim p-2">Loading…</span> : render(value.whole)
}
