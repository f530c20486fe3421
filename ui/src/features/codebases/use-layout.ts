// Owns running ELK in its worker: one worker for the page, the newest question wins.
import ELK, { type ElkNode } from 'elkjs/lib/elk-api'
import workerUrl from 'elkjs/lib/elk-worker.min.js?url'
import { useEffect, useState } from 'react'
import { layoutInput, positionsFrom, type Positions } from '@/lib/flow-layout'
import type { GraphView } from '@/lib/graph-view'

let elk: { layout: (graph: ElkNode) => Promise<ElkNode> } | null = null

function layout(graph: ElkNode): Promise<ElkNode> {
  elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) })
  return elk.layout(graph)
}

/** The positions for a view, or null while ELK works on the first one. */
export function useLayout(view: GraphView): { of: GraphView; positions: Positions } | null {
  const [result, setResult] = useState<{ of: GraphView; positions: Positions } | null>(null)
  useEffect(() => {
    let stale = false
    void layout(layoutInput(view)).then((answer) => {
      if (!stale) setResult({ of: view, positions: positionsFrom(answer) })
    })
    return () => {
      stale = true
    }
  }, [view])
  return result
}
