// Owns the requests of dashboards.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Chart, Dashboard, DashboardEntry, TileData } from '@/api/types'
import { api, everyPage } from '@/lib/http'

export const dashboardsQuery = (project: string) =>
  queryOptions({ queryKey: ['dashboards', 'of', project], queryFn: ({ signal }) => everyPage<DashboardEntry>(`/projects/${project}/dashboards`, {}, 2000, signal) })

export const dashboardQuery = (id: string) =>
  queryOptions({ queryKey: ['dashboards', id], queryFn: ({ signal }) => api.get<Dashboard>(`/dashboards/${id}`, {}, signal) })

/** What a tile shows; asked again every `refresh` seconds while the page is open, never when that is 0. */
export const tileQuery = (dashboard: string, tile: string, refresh: number) =>
  queryOptions({
    queryKey: ['dashboards', dashboard, 'data', tile],
    queryFn: ({ signal }) => api.get<TileData>(`/dashboards/${dashboard}/tiles/${tile}/data`, {}, signal),
    staleTime: 60_000,
    retry: false,
    refetchInterval: refresh > 0 ? refresh * 1000 : false,
  })

export const freshTile = (dashboard: string, tile: string) => api.get<TileData>(`/dashboards/${dashboard}/tiles/${tile}/data`, { fresh: true })

export const addTile = (dashboard: string, query: string) => api.post<Dashboard>(`/dashboards/${dashboard}/tiles`, { query_id: query })

export const shareQuery = (query: string) => api.patch(`/queries/${query}`, { shared: true })

export function useCreateDashboard(project: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (name: string) => api.post<Dashboard>(`/projects/${project}/dashboards`, { name }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['dashboards', 'of', project] }),
  })
}

export interface TileInput {
  title?: string
  width?: number
  chart?: Chart | null
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
    change: async (input: { name?: string; refresh_seconds?: number }) => put(await api.patch<Dashboard>(`/dashboards/${id}`, input)),
    remove: async () => {
      await api.delete(`/dashboards/${id}`)
      await queries.invalidateQueries({ queryKey: ['dashboards', 'of'] })
    },
    add: async (query: string) => put(await addTile(id, query)),
    changeTile: async (tile: string, input: TileInput) => put(await api.patch<Dashboard>(`/dashboards/${id}/tiles/${tile}`, input)),
    removeTile: async (tile: string) => {
      await api.delete(`/dashboards/${id}/tiles/${tile}`)
      await again()
    },
    order: async (dashboard: Dashboard, tiles: string[]) => {
      const place = new Map(tiles.map((tile, at) => [tile, at]))
      put({ ...dashboard, tiles: [...dashboard.tiles].sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0)) })
      try {
        put(await api.put<Dashboard>(`/dashboards/${id}/order`, { tiles }))
      } catch (error) {
        await again()
        throw error
      }
    },
  }
}

export type DashboardChanges = ReturnType<typeof useDashboardChanges>
