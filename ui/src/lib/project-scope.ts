// Owns what every page of a project shares: the project, its codebases, and the one being looked at.
import { createContext, use } from 'react'
import type { Codebase, Project } from '@/api/types'

export interface ProjectScope {
  project: Project
  codebases: Codebase[]
  codebase: Codebase | null
}

export const ProjectScopeContext = createContext<ProjectScope | null>(null)

/** The scope of the project page this component stands on. */
export function useProjectScope(): ProjectScope {
  const scope = use(ProjectScopeContext)
  if (scope === null) throw new Error('useProjectScope is used outside a project page')
  return scope
}

/** The codebase named in the URL, else the newest that has a finished scan, else the newest. */
export function chooseCodebase(codebases: readonly Codebase[], wanted: string | undefined): Codebase | null {
  const newest = [...codebases].sort((a, b) => b.created_at.localeCompare(a.created_at))
  const named = newest.find((codebase) => codebase.id === wanted)
  return named ?? newest.find((codebase) => codebase.scan?.state === 'completed') ?? newest[0] ?? null
}
