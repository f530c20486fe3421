// Owns what every part of the lineage page may ask for: what is locked, what is chosen, and how to change both.
import { createContext, use } from 'react'
import type { CodeGroup, Usage } from '@/api/types'
import type { FlowLine } from '@/lib/flow-model'
import type { Lock } from '@/lib/graph-lock'

export interface LineageActions {
  /** Locks the path of something, or releases it when it is locked. */
  toggleLock: (lock: Lock) => void
  /** Shows all rows of a box, or only the first ones. */
  toggleRows: (box: string) => void
  openGroup: (group: CodeGroup) => void
  /** Shows the usage at a line in detail, or locks what the line belongs to. */
  followLine: (line: FlowLine) => void
  lock: Lock | null
  chosen: Usage | null
}

export const LineageContext = createContext<LineageActions | null>(null)

/** The actions of the lineage page around this component. */
export function useLineage(): LineageActions {
  const actions = use(LineageContext)
  if (actions === null) throw new Error('useLineage is used outside the lineage page')
  return actions
}
