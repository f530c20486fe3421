// Owns the requests of projects.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Project } from '@/api/types'
import { api, everyPage } from '@/lib/http'

export const projectsQuery = () =>
  queryOptions({ queryKey: ['projects'], queryFn: ({ signal }) => everyPage<Project>('/projects', {}, 2000, signal) })

export const projectQuery = (id: string) =>
  queryOptions({ queryKey: ['projects', id], queryFn: ({ signal }) => api.get<Project>(`/projects/${id}`, {}, signal) })

export interface ProjectInput {
  name: string
  description?: string
}

/** Makes a project in the caller's own organization. */
export function useCreateProject() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (input: ProjectInput) => api.post<Project>('/projects', input),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['projects'] }),
  })
}

/** Deletes a project with its codebases. */
export function useDeleteProject() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => api.delete(`/projects/${id}`),
    onSuccess: (_, id) => {
      queries.removeQueries({ queryKey: ['projects', id] })
      return queries.invalidateQueries({ queryKey: ['projects'], exact: true })
    },
  })
}
