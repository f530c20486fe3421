// Owns the command palette: pages, projects, tables, columns and files of the project at hand.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { Blocks, ChartColumn, ChartNoAxesGantt, Database, FileCode, GitCompare, Folder, House, LayoutDashboard, ListTree, RotateCw, Route, Settings, Table2, Unplug, UserRound, Waypoints } from 'lucide-react'
import { useDeferredValue, useMemo, useState } from 'react'
import { TypeGlyph } from '@/components/marks'
import { codebasesQuery, columnSummariesQuery, filesQuery } from '@/features/codebases/api'
import { projectsQuery } from '@/features/projects/api'
import { chooseCodebase } from '@/lib/project-scope'

const SHOWN = 8

const PAGES = [
  { label: 'Overview', to: '/p/$project', icon: LayoutDashboard },
  { label: 'Databases', to: '/p/$project/databases', icon: Database },
  { label: 'Dashboards', to: '/p/$project/dashboards', icon: ChartColumn },
  { label: 'Schema', to: '/p/$project/schema', icon: ListTree },
  { label: 'Lineage', to: '/p/$project/lineage', icon: Waypoints },
  { label: 'Columns', to: '/p/$project/columns', icon: ChartNoAxesGantt },
  { label: 'Endpoints', to: '/p/$project/endpoints', icon: Route },
  { label: 'Impact', to: '/p/$project/impact', icon: Unplug },
  { label: 'Personal data', to: '/p/$project/personal-data', icon: UserRound },
  { label: 'Shared tables', to: '/p/$project/shared-tables', icon: Blocks },
  { label: 'Compare scans', to: '/p/$project/scan-diff', icon: GitCompare },
  { label: 'Files', to: '/p/$project/files', icon: FileCode },
  { label: 'Jobs', to: '/p/$project/jobs', icon: RotateCw },
] as const

/** The first matches of all words of the query, in the order of the list. */
function matches<T>(items: readonly T[], name: (item: T) => string, query: string): T[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean)
  const found: T[] = []
  for (const item of items) {
    const text = name(item).toLowerCase()
    if (wanted.every((word) => text.includes(word))) found.push(item)
    if (found.length === SHOWN) break
  }
  return found
}

function useProjectItems(project: string | undefined, query: string) {
  const { codebase: wanted } = useSearch({ strict: false })
  const codebases = useQuery({ ...codebasesQuery(project ?? ''), enabled: Boolean(project) }).data ?? []
  const id = chooseCodebase(codebases, wanted)?.id ?? ''
  const scanned = { enabled: id !== '' }
  const columns = useQuery({ ...columnSummariesQuery(id), ...scanned }).data
  const files = useQuery({ ...filesQuery(id), ...scanned }).data
  return useMemo(() => {
    if (!query) return { tables: [], columns: [], files: [] }
    const tables = [...new Set((columns ?? []).map((column) => column.table_name))]
    return {
      tables: matches(tables, (table) => table, query),
      columns: matches(columns ?? [], (column) => `${column.table_name}.${column.column_name}`, query),
      files: matches(files ?? [], (file) => file.path, query),
    }
  }, [columns, files, query])
}

type Navigate = ReturnType<typeof useNavigate>
type Go = (move: (navigate: Navigate) => unknown) => void

function PageGroup({ project, query, go }: { project: string | undefined; query: string; go: Go }) {
  const pages = project ? matches(PAGES, (page) => page.label, query) : []
  const ends = matches(['Home', 'Settings'], (label) => label, query)
  if (pages.length + ends.length === 0) return null
  return (
    <Command.Group heading="Go to">
      {ends.includes('Home') && (
        <Command.Item value="page home" onSelect={() => go((navigate) => navigate({ to: '/' }))}>
          <House className="i" aria-hidden="true" />
          Home
        </Command.Item>
      )}
      {pages.map(({ label, to, icon: Icon }) => (
        <Command.Item key={to} value={`page ${label}`} onSelect={() => go((navigate) => navigate({ to, params: { project: project ?? '' } }))}>
          <Icon className="i" aria-hidden="true" />
          {label}
        </Command.Item>
      ))}
      {ends.includes('Settings') && (
        <Command.Item value="page settings" onSelect={() => go((navigate) => navigate({ to: '/settings/profile' }))}>
          <Settings className="i" aria-hidden="true" />
          Settings
        </Command.Item>
      )}
    </Command.Group>
  )
}

function ProjectGroups({ project, query, go }: { project: string; query: string; go: Go }) {
  const items = useProjectItems(project, query)
  return (
    <>
      {items.columns.length > 0 && (
        <Command.Group heading="Columns">
          {items.columns.map((column) => (
            <Command.Item
              key={column.column_id}
              value={`column ${column.column_id}`}
              onSelect={() => go((navigate) => navigate({ to: '/p/$project/lineage', params: { project }, search: { table: column.table_name, column: column.column_name } }))}
            >
              <TypeGlyph type={column.type} primaryKey={column.primary_key} />
              <code>
                <span className="dim">{column.table_name}.</span>
                {column.column_name}
              </code>
              <span className="end small dim">{column.total} uses</span>
            </Command.Item>
          ))}
        </Command.Group>
      )}
      {items.tables.length > 0 && (
        <Command.Group heading="Tables">
          {items.tables.map((table) => (
            <Command.Item key={table} value={`table ${table}`} onSelect={() => go((navigate) => navigate({ to: '/p/$project/schema/$table', params: { project, table } }))}>
              <Table2 className="i" aria-hidden="true" />
              <code>{table}</code>
            </Command.Item>
          ))}
        </Command.Group>
      )}
      {items.files.length > 0 && (
        <Command.Group heading="Files">
          {items.files.map((file) => (
            <Command.Item key={file.path} value={`file ${file.path}`} onSelect={() => go((navigate) => navigate({ to: '/p/$project/files/$', params: { project, _splat: file.path } }))}>
              <FileCode className="i" aria-hidden="true" />
              <code className="cut">{file.path}</code>
            </Command.Item>
          ))}
        </Command.Group>
      )}
    </>
  )
}

export default function Palette({ project, onClose }: { project: string | undefined; onClose: () => void }) {
  const navigate = useNavigate()
  const [typed, setTyped] = useState('')
  const query = useDeferredValue(typed.trim())
  const found = matches(useQuery(projectsQuery()).data ?? [], (one) => one.name, query)
  const go: Go = (move) => {
    onClose()
    void move(navigate)
  }
  return (
    <Command.Dialog open onOpenChange={(open) => !open && onClose()} label="Search or run a command" shouldFilter={false} overlayClassName="overlay" contentClassName="palette">
      <Command.Input placeholder={project ? 'Table, column, file, page or project' : 'Page or project'} value={typed} onValueChange={setTyped} />
      <Command.List>
        <Command.Empty>No matches.</Command.Empty>
        {project && <ProjectGroups project={project} query={query} go={go} />}
        <PageGroup project={project} query={query} go={go} />
        {found.length > 0 && (
          <Command.Group heading="Projects">
            {found.map((one) => (
              <Command.Item key={one.id} value={`project ${one.id}`} onSelect={() => go((navigate) => navigate({ to: '/p/$project', params: { project: one.id }, search: { codebase: undefined } }))}>
                <Folder className="i" aria-hidden="true" />
                {one.name}
              </Command.Item>
            ))}
          </Command.Group>
        )}
      </Command.List>
    </Command.Dialog>
  )
}
