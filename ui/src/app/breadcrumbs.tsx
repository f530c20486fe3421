// Owns the pickers in the header: organization / project / codebase.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { ChevronsUpDown } from 'lucide-react'
import { Menu, MenuItem, MenuLabel } from '@/components/ui/menu'
import { meQuery } from '@/features/accounts/api'
import { codebasesQuery } from '@/features/codebases/api'
import { databasesQuery } from '@/features/databases/api'
import { projectsQuery } from '@/features/projects/api'
import { chooseCodebase } from '@/lib/project-scope'

/** A plain element, not a component: the menu's trigger must pass its props to a real button. */
const pickButton = (label: string, name: string) => (
  <button type="button" className="pick" aria-label={`${label}: ${name}`}>
    <span className="cut">{name}</span>
    <ChevronsUpDown className="i updown" aria-hidden="true" />
  </button>
)

function ProjectPicker({ current }: { current: string | undefined }) {
  const navigate = useNavigate()
  const projects = useQuery(projectsQuery()).data ?? []
  const name = projects.find((project) => project.id === current)?.name ?? 'Projects'
  return (
    <Menu trigger={pickButton('Project', name)}>
      <MenuLabel>Projects</MenuLabel>
      {projects.map((project) => (
        <MenuItem
          key={project.id}
          current={project.id === current}
          onSelect={() => void navigate({ to: '/p/$project', params: { project: project.id }, search: { codebase: undefined } })}
        >
          {project.name}
        </MenuItem>
      ))}
      <MenuItem onSelect={() => void navigate({ to: '/' })}>All projects</MenuItem>
    </Menu>
  )
}

function CodebasePicker({ project }: { project: string }) {
  const navigate = useNavigate()
  const { codebase: wanted } = useSearch({ strict: false })
  const codebases = useQuery(codebasesQuery(project)).data ?? []
  const current = chooseCodebase(codebases, wanted)
  if (current === null || codebases.length < 2) return null
  return (
    <>
      <span className="sep">/</span>
      <Menu trigger={pickButton('Codebase', current.name)}>
        <MenuLabel>Codebases</MenuLabel>
        {codebases.map((codebase) => (
          <MenuItem
            key={codebase.id}
            current={codebase.id === current.id}
            onSelect={() => void navigate({ to: '.', search: { codebase: codebase.id } as never })}
          >
            {codebase.name}
          </MenuItem>
        ))}
      </Menu>
    </>
  )
}

function DatabasePicker({ project, database }: { project: string; database: string }) {
  const navigate = useNavigate()
  const databases = useQuery(databasesQuery(project)).data ?? []
  const name = databases.find((one) => one.id === database)?.name ?? 'Database'
  return (
    <>
      <span className="sep">/</span>
      <Menu trigger={pickButton('Database', name)}>
        <MenuLabel>Databases</MenuLabel>
        {databases.map((one) => (
          <MenuItem
            key={one.id}
            current={one.id === database}
            onSelect={() => void navigate({ to: '/p/$project/d/$database', params: { project, database: one.id } })}
          >
            {one.name}
          </MenuItem>
        ))}
        <MenuItem onSelect={() => void navigate({ to: '/p/$project/databases', params: { project } })}>All databases</MenuItem>
      </Menu>
    </>
  )
}

export function Breadcrumbs({ project }: { project: string | undefined }) {
  const { database } = useParams({ strict: false })
  const organization = useQuery(meQuery()).data?.organizations[0]?.name
  return (
    <div className="crumbs">
      {organization && (
        <>
          <span className="pick hide-p org cut">{organization}</span>
          <span className="sep hide-p">/</span>
        </>
      )}
      <ProjectPicker current={project} />
      {project && database && <DatabasePicker project={project} database={database} />}
      {project && !database && <CodebasePicker project={project} />}
    </div>
  )
}
