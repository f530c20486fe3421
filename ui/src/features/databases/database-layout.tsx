// Owns the frame of all pages of a database: loads it and hands it down.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Outlet } from '@tanstack/react-router'
import { PageFrame } from '@/components/page'
import { ErrorNote, SkeletonRows } from '@/components/states'
import { DatabaseScopeContext } from '@/lib/database-scope'
import { databaseQuery } from './api'

const route = getRouteApi('/shell/p/$project/d/$database')

export function DatabaseLayout() {
  const { database: id } = route.useParams()
  const database = useQuery(databaseQuery(id))
  if (database.data) {
    return (
      <DatabaseScopeContext value={database.data}>
        <Outlet />
      </DatabaseScopeContext>
    )
  }
  if (database.error) {
    return (
      <PageFrame title="Database">
        <ErrorNote error={database.error} retry={() => void database.refetch()} />
      </PageFrame>
    )
  }
  return (
    <>
      <h1 className="sr">Database</h1>
      <SkeletonRows />
    </>
  )
}
