// Owns the number of tables of a database: the one in its row, or the tables of its schema while it is running.
import { useQuery } from '@tanstack/react-query'
import type { Database } from '@/api/types'
import { count } from '@/lib/format'
import { liveSchemaQuery } from './api'

/** A database that is not running is not woken to be counted. */
export function TableCount({ database }: { database: Database }) {
  const unknown = database.tables === null && database.state === 'running'
  const { data } = useQuery({ ...liveSchemaQuery(database.id), enabled: unknown, retry: false })
  const tables = database.tables ?? (unknown ? data?.relations.length : undefined)
  return tables === undefined ? '–' : count(tables)
}
