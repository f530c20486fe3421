// Owns what the boxes of the diagram share: which table is chosen, what is marked, whether lines may be drawn.
import { createContext, use } from 'react'
import type { Mark } from './staging'

export interface DiagramContextValue {
  chosen: string | null
  choose: (id: string) => void
  marks: ReadonlyMap<string, Mark>
  editing: boolean
  /** The tables that a search found; null when nothing is searched for. */
  found: ReadonlySet<string> | null
}

export const DiagramContext = createContext<DiagramContextValue | null>(null)

export function useDiagram(): DiagramContextValue {
  const value = use(DiagramContext)
  if (value === null) throw new Error('useDiagram outside of a diagram')
  return value
}
