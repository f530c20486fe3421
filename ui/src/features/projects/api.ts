// Owns the requests of projects.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { ProjectRequest } from '@/api/types'
import { api, everyPage } from '@/lib/http'

const of = (project: string) => ({ path: { project_id: project } })

export const projectsQuery = () =>
  queryOptions({ queryKey: ['projects'], queryFn: ({ signal }) => everyPage((cursor) => api.get('/projects', { params: { query: { cursor } }, signal }), 2000) })

export const projectQuery = (id: string) =>
  queryOptions({ queryKey: ['projects', id], queryFn: ({ signal }) => api.get('/projects/{project_id}', { params: of(id), signal }) })

/** Makes a project in the caller's own organization. */
export function useCreateProject() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: ProjectRequest) => api.post('/projects', { body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['projects'] }),
  })
}

/** Deletes a project with its codebases. */
export function useDeleteProject() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.delete('/projects/{project_id}', { params: of(id) }),
    onSuccess: (_, id) => {
      queries.removeQueries({ queryKey: ['projects', id] })
      return queries.invalidateQueries({ queryKey: ['projects'], exact: true })
    },
  })
}
