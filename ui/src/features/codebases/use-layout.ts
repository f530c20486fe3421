// Owns the layout of the flow: the newest question wins.
import { useEffect, useState } from 'react'
import { layOut } from '@/lib/elk'
import { layoutInput, positionsFrom, type Positions } from '@/lib/flow-layout'
import type { GraphView } from '@/lib/graph-view'

/** The positions for a view, or null while ELK works on the first one. */
export function useLayout(view: GraphView): { of: GraphView; positions: Positions } | null {
  const [result, setResult] = useState<{ of: GraphView; positions: Positions } | null>(null)
  useEffect(() => {
    let stale = false
    void layOut(layoutInput(view)).then((answer) => {
      if (!stale) setResult({ of: view, positions: positionsFrom(answer) })
    })
    return () => {
      stale = true
    }
  }, [view])
  return result
}
