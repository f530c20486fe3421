// Owns fetching a value that the grid shows cut, before it is edited.
import { useEffect, useState, type ReactNode } from 'react'
import type { Cell } from '@/api/types'
import { errorText } from '@/lib/problem'

interface WholeCellProps {
  load: () => Promise<Cell>
  onLeave: () => void
  render: (value: Cell) => ReactNode
}

/** Fetches the whole value once, then shows what `render` makes of it; what cannot be fetched is told in its place. */
export function WholeCell({ load, onLeave, render }: WholeCellProps) {
  const [found, setFound] = useState<{ whole: Cell } | { error: unknown } | null>(null)
  useEffect(() => {
    void load().then((whole) => setFound({ whole }), (error: unknown) => setFound({ error }))
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each editor that opens
  }, [])
  if (found !== null && 'whole' in found) return render(found.whole)
  return (
    <div className="celled" onKeyDown={(event) => event.key === 'Escape' && onLeave()}>
      {found === null ? (
        <span className="dim p-2">Loading…</span>
      ) : (
        <>
          <p role="alert" className="t-del">
            {errorText(found.error)}
          </p>
          <button type="button" className="btn" autoFocus onClick={onLeave}>
            Close
          </button>
        </>
      )}
    </div>
  )
}
