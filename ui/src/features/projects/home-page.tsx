// Owns home: the projects with their counts, and what runs now.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Ellipsis, Plus } from 'lucide-react'
import { useState } from 'react'
import type { Project } from '@/api/types'
import { AlertFeed } from '@/components/alert-feed'
import { JobFeed } from '@/components/job-feed'
import { PageFrame, Panel, TableHead, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Menu, MenuItem } from '@/components/ui/menu'
import { count, day } from '@/lib/format'
import { projectsQuery, useDeleteProject } from './api'
import { NewProjectDialog } from './new-project-dialog'

function ProjectMenu({ project }: { project: Project }) {
  const [asking, setAsking] = useState(false)
  const remove = useDeleteProject()
  if (project.role !== 'owner' && project.role !== 'admin') return null
  return (
    <>
      <Menu
        align="end"
        trigger={
          <button type="button" className="btn ghost icon" aria-label={`More about ${project.name}`}>
            <Ellipsis className="i" aria-hidden="true" />
          </button>
        }
      >
        <MenuItem danger onSelect={() => setAsking(true)}>
          Delete project
        </MenuItem>
      </Menu>
      <ConfirmDialog
        title={`Delete ${project.name}?`}
        text="Its codebases, scans and lineage are deleted with it. This cannot be undone."
        action="Delete project"
        open={asking}
        onOpenChange={setAsking}
        onConfirm={() => remove.mutateAsync(project.id)}
      />
    </>
  )
}

function ProjectRow({ project }: { project: Project }) {
  return (
    <tr>
      <td className="w-full max-w-0">
        <span className="row">
          <Link to="/p/$project" params={{ project: project.id }} search={{ codebase: undefined }} className="cut max-w-full shrink-0 font-medium hover:underline">
            {project.name}
          </Link>
          {project.is_sample && <span className="chip">sample</span>}
          <span className="dim cut hide-p">{project.description}</span>
        </span>
      </td>
      <td className="num">{count(project.codebase_count)}</td>
      <td className="num hide-p">{count(project.table_count)}</td>
      <td className="num hide-p">{count(project.column_count)}</td>
      <td className="num">{count(project.usage_count)}</td>
      <td className="hide-p dim">{day(project.created_at)}</td>
      <td>
        <ProjectMenu project={project} />
      </td>
    </tr>
  )
}

function ProjectTable({ projects }: { projects: Project[] }) {
  return (
    <TableScroll label="Projects">
      <table className="table tall">
        <TableHead
          columns={[
            { name: 'Name' },
            { name: 'Codebases', className: 'num' },
            { name: 'Tables', className: 'num hide-p' },
            { name: 'Columns', className: 'num hide-p' },
            { name: 'Usages', className: 'num' },
            { name: 'Created', className: 'hide-p' },
            { name: 'More', unseen: true },
          ]}
        />
        <tbody>
          {projects.map((project) => (
            <ProjectRow key={project.id} project={project} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

const sum = (projects: Project[], value: (project: Project) => number) => count(projects.reduce((total, one) => total + value(one), 0))

function Totals({ projects }: { projects: Project[] }) {
  return (
    <dl className="panel strip">
      <div>
        <dt>Projects</dt>
        <dd>{count(projects.length)}</dd>
      </div>
      <div>
        <dt>Codebases</dt>
        <dd>{sum(projects, (project) => project.codebase_count)}</dd>
      </div>
      <div>
        <dt>Columns</dt>
        <dd>
          {sum(projects, (project) => project.column_count)} <small>in {sum(projects, (project) => project.table_count)} tables</small>
        </dd>
      </div>
      <div>
        <dt>Column usages</dt>
        <dd>{sum(projects, (project) => project.usage_count)}</dd>
      </div>
    </dl>
  )
}

export function HomePage() {
  const [creating, setCreating] = useState(false)
  const projects = useQuery(projectsQuery())
  const create = (
    <button type="button" className="btn primary" onClick={() => setCreating(true)}>
      <Plus className="i" aria-hidden="true" />
      New project
    </button>
  )
  return (
    <PageFrame title="Home" actions={create}>
      <Loaded query={projects}>
        {(items) => (
          <>
            <Totals projects={items} />
            <AlertFeed />
            <div className="cols-2">
              <Panel title="Projects">
                {items.length === 0 ? <EmptyState text="No projects yet. A project holds the codebases of one product." /> : <ProjectTable projects={items} />}
              </Panel>
              <JobFeed />
            </div>
          </>
        )}
      </Loaded>
      {creating && <NewProjectDialog onClose={() => setCreating(false)} />}
    </PageFrame>
  )
}
