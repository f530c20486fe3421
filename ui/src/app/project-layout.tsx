// Owns the frame of all project pages: loads the project and its codebases and hands them down as the scope.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Outlet } from '@tanstack/react-router'
import { useEffect, useMemo } from 'react'
import { PageFrame } from '@/components/page'
import { ErrorNote, SkeletonRows } from '@/components/states'
import { codebasesQuery } from '@/features/codebases/api'
import { projectQuery } from '@/features/projects/api'
import { chooseCodebase, ProjectScopeContext } from '@/lib/project-scope'

const route = getRouteApi('/shell/p/$project')

export function ProjectLayout() {
  const { project: id } = route.useParams()
  const { codebase: wanted } = route.useSearch()
  const project = useQuery(projectQuery(id))
  const codebases = useQuery(codebasesQuery(id))

  const scope = useMemo(() => {
    if (!project.data || !codebases.data) return null
    return { project: project.data, codebases: codebases.data, codebase: chooseCodebase(codebases.data, wanted) }
  }, [project.data, codebases.data, wanted])

  useEffect(() => {
    if (project.data) localStorage.setItem('headwater.project', project.data.id)
  }, [project.data])

  const error = project.error ?? codebases.error
  if (scope === null && error) {
    return (
      <PageFrame title="Project">
        <ErrorNote error={error} retry={() => void Promise.all([project.refetch(), codebases.refetch()])} />
      </PageFrame>
    )
  }
  if (scope === null) {
    return (
      <>
        <h1 className="sr">Project</h1>
        <SkeletonRows />
      </>
    )
  }
  return (
    <ProjectScopeContext value={scope}>
      <Outlet />
    </ProjectScopeContext>
  )
}
