// Owns the request of open alerts, which several pages show.
import { queryOptions } from '@tanstack/react-query'
import type { Alert } from '@/api/types'
import { api } from './http'

const OFTEN_MS = 30_000

/** The open alerts of everything that the user can see, newest first. */
export const openAlertsQuery = () =>
  queryOptions({
    queryKey: ['alerts', 'open'],
    queryFn: async ({ signal }) => (await api.get('/alerts', { params: { query: { status: 'open', limit: 200 } }, signal })).items,
    refetchInterval: OFTEN_MS,
  })

const TITLES: Record<Alert['kind'], string> = {
  failed: 'Snapshot failed',
  missed: 'Snapshot missed',
  grew: 'Unusual growth',
  damaged: 'Snapshots damaged',
  verify_failed: 'Verification failed',
  drill_failed: 'Test restore failed',
  not_restorable: 'Schema cannot be restored',
  not_running: 'Database does not run',
}

export const alertTitle = (alert: Alert): string => (alert.times > 1 ? `${TITLES[alert.kind]}, ${alert.times} times` : TITLES[alert.kind])

/** How many open alerts each database has. */
export function alertCounts(alerts: readonly Alert[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const one of alerts) counts.set(one.database_id, (counts.get(one.database_id) ?? 0) + 1)
  return counts
}
