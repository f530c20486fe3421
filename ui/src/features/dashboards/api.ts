// Owns the requests of dashboards.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Dashboard, DashboardChange, TileChange } from '@/api/types'
import { api, everyPage } from '@/lib/http'

const of = (dashboard: string) => ({ path: { dashboard_id: dashboard } })
const ofTile = (dashboard: string, tile: string) => ({ path: { dashboard_id: dashboard, tile_id: tile } })

export const dashboardsQuery = (project: string) =>
  queryOptions({ queryKey: ['dashboards', 'of', project], queryFn: ({ signal }) => everyPage((cursor) => api.get('/projects/{project_id}/dashboards', { params: { path: { project_id: project }, query: { cursor } }, signal }), 2000) })

export const dashboardQuery = (id: string) =>
  queryOptions({ queryKey: ['dashboards', id], queryFn: ({ signal }) => api.get('/dashboards/{dashboard_id}', { params: of(id), signal }) })

/** What a tile shows; asked again every `refresh` seconds while the page is open, never when that is 0. */
export const tileQuery = (dashboard: string, tile: string, refresh: number) =>
  queryOptions({
    queryKey: ['dashboards', dashboard, 'data', tile],
    queryFn: ({ signal }) => api.get('/dashboards/{dashboard_id}/tiles/{tile_id}/data', { params: ofTile(dashboard, tile), signal }),
    staleTime: 60_000,
    retry: false,
    refetchInterval: refresh > 0 ? refresh * 1000 : false,
  })

export const freshTile = (dashboard: string, tile: string) => api.get('/dashboards/{dashboard_id}/tiles/{tile_id}/data', { params: { ...ofTile(dashboard, tile), query: { fresh: true } } })

export const addTile = (dashboard: string, query: string) => api.post('/dashboards/{dashboard_id}/tiles', { params: of(dashboard), body: { query_id: query } })

export const shareQuery = (query: string) => api.patch('/queries/{query_id}', { params: { path: { query_id: query } }, body: { shared: true } })

export function useCreateDashboard(project: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (name: string) => api.post('/projects/{project_id}/dashboards', { params: { path: { project_id: project } }, body: { name } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['dashboards', 'of', project] }),
  })
}

/** The changes of one dashboard; each answer is the dashboard as it is then. */
export function useDashboardChanges(id: string) {
  const queries = useQueryClient()
  const put = (dashboard: Dashboard) => {
    queries.setQueryData(['dashboards', id], dashboard)
    void queries.invalidateQueries({ queryKey: ['dashboards', 'of'] })
  }
  const again = () => queries.invalidateQueries({ queryKey: ['dashboards', id], exact: true })
  return {
    change: async (body: DashboardChange) => put(await api.patch('/dashboards/{dashboard_id}', { params: of(id), body })),
    remove: async () => {
      await api.delete('/dashboards/{dashboard_id}', { params: of(id) })
      await queries.invalidateQueries({ queryKey: ['dashboards', 'of'] })
    },
    add: async (query: string) => put(await addTile(id, query)),
    changeTile: async (tile: string, body: TileChange) => put(await api.patch('/dashboards/{dashboard_id}/tiles/{tile_id}', { params: ofTile(id, tile), body })),
    removeTile: async (tile: string) => {
      await api.delete('/dashboards/{dashboard_id}/tiles/{tile_id}', { params: ofTile(id, tile) })
      await again()
    },
    order: async (dashboard: Dashboard, tiles: string[]) => {
      const place = new Map(tiles.map((tile, at) => [tile, at]))
      put({ ...dashboard, tiles: [...dashboard.tiles].sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0)) })
      try {
        put(await api.put('/dashboards/{dashboard_id}/order', { params: of(id), body: { tiles } }))
      } catch (error) {
        await again()
        throw error
      }
    },
  }
}

export type DashboardChanges = ReturnType<typeof useDashboardChanges>
