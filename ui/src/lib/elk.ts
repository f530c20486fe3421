// Owns running ELK in its worker: one worker for all diagrams.
import ELK, { type ElkNode } from 'elkjs/lib/elk-api'
import workerUrl from 'elkjs/lib/elk-worker.min.js?url'

let elk: { layout: (graph: ElkNode) => Promise<ElkNode> } | null = null

/** The graph with places. */
export function layOut(graph: ElkNode): Promise<ElkNode> {
  elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) })
  return elk.layout(graph)
}
