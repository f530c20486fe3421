// Owns the scope of database pages: which database they show, handed down from the layout.
import { createContext, use } from 'react'
import type { Database } from '@/api/types'

export const DatabaseScopeContext = createContext<Database | null>(null)

/** The database of the page. */
export function useDatabase(): Database {
  const database = use(DatabaseScopeContext)
  if (database === null) throw new Error('useDatabase outside of a database page')
  return database
}
