// Owns what every part of the lineage page may ask for: what is locked, what is chosen, and how to change both.
import { createContext, use } from 'react'
import type { Usage } from '@/api/types'

export interface Pick {
  file: string
  symbol: string
  columnId?: string
}

export interface LineageActions {
  lockColumn: (table: string, column: string) => void
  lockTable: (table: string) => void
  lockFile: (file: string) => void
  pick: (pick: Pick) => void
  locked: { table?: string; column?: string }
  chosen: Usage | null
}

export const LineageContext = createContext<LineageActions | null>(null)

/** The actions of the lineage page around this component. */
export function useLineage(): LineageActions {
  const actions = use(LineageContext)
  if (actions === null) throw new Error('useLineage is used outside the lineage page')
  return actions
}
