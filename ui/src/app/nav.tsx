// Owns the navigation: the rail at the left, and the bar at the bottom of phones.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, type LinkProps } from '@tanstack/react-router'
import { Activity, ArrowRightLeft, Blocks, Braces, ChartColumn, ChartNoAxesGantt, Database, Ellipsis, FileCode, GitBranch, GitCommitVertical, GitCompare, DatabaseBackup, House, KeyRound, LayoutDashboard, ListTree, Puzzle, RotateCw, Route, Rows3, Settings, SquareTerminal, Table2, Unplug, UserRound, Waypoints, Workflow, type LucideIcon } from 'lucide-react'
import type { Engine } from '@/api/types'
import { Menu, MenuItem } from '@/components/ui/menu'
import { databaseQuery, useEngine } from '@/features/databases/api'
import type { DataModel } from '@/lib/dialects'

interface Item {
  to: LinkProps['to']
  label: string
  icon: LucideIcon
  exact?: boolean
}

const PROJECT_ITEMS = [
  { to: '/p/$project', label: 'Overview', icon: LayoutDashboard, exact: true },
  { to: '/p/$project/databases', label: 'Databases', icon: Database },
  { to: '/p/$project/schema', label: 'Schema', icon: ListTree },
  { to: '/p/$project/lineage', label: 'Lineage', icon: Waypoints },
  { to: '/p/$project/dashboards', label: 'Dashboards', icon: ChartColumn },
  { to: '/p/$project/columns', label: 'Columns', icon: ChartNoAxesGantt },
  { to: '/p/$project/personal-data', label: 'Personal data', icon: UserRound },
  { to: '/p/$project/endpoints', label: 'Endpoints', icon: Route },
  { to: '/p/$project/impact', label: 'Impact', icon: Unplug },
  { to: '/p/$project/scan-diff', label: 'Compare scans', icon: GitCompare },
  { to: '/p/$project/shared-tables', label: 'Shared tables', icon: Blocks },
  { to: '/p/$project/files', label: 'Files', icon: FileCode },
  { to: '/p/$project/jobs', label: 'Jobs', icon: RotateCw },
] as const satisfies readonly Item[]

interface DatabaseItem extends Item {
  /** The data model of the databases that have this page; without one, all have it. */
  model?: DataModel | undefined
  /** Whether the page is of sessions, which not every engine lists. */
  sessions?: boolean
  /** Whether the page is of extensions, which not every engine has. */
  extensions?: boolean
  /** Whether the page is of snapshots, which not every engine has. */
  snapshots?: boolean
}

const DATABASE_ITEMS: readonly DatabaseItem[] = [
  { to: '/p/$project/d/$database', label: 'Database', icon: Database, exact: true },
  { to: '/p/$project/d/$database/sql', label: 'SQL', icon: SquareTerminal, model: 'relational' },
  { to: '/p/$project/d/$database/sql', label: 'Query', icon: SquareTerminal, model: 'document' },
  { to: '/p/$project/d/$database/sql', label: 'Query', icon: SquareTerminal, model: 'key_value' },
  { to: '/p/$project/d/$database/data', label: 'Data', icon: Rows3, model: 'relational' },
  { to: '/p/$project/d/$database/data', label: 'Documents', icon: Braces, model: 'document' },
  { to: '/p/$project/d/$database/data', label: 'Keys', icon: KeyRound, model: 'key_value' },
  { to: '/p/$project/d/$database/structure', label: 'Structure', icon: Table2, model: 'relational' },
  { to: '/p/$project/d/$database/diagram', label: 'Diagram', icon: Workflow, model: 'relational' },
  { to: '/p/$project/d/$database/migrations', label: 'Migrations', icon: GitCommitVertical, model: 'relational' },
  { to: '/p/$project/d/$database/backups', label: 'Backups', icon: DatabaseBackup, snapshots: true },
  { to: '/p/$project/d/$database/branches', label: 'Branches', icon: GitBranch, snapshots: true },
  { to: '/p/$project/d/$database/transfers', label: 'Transfers', icon: ArrowRightLeft, model: 'relational' },
  { to: '/p/$project/d/$database/sessions', label: 'Sessions', icon: Activity, sessions: true },
  { to: '/p/$project/d/$database/extensions', label: 'Extensions', icon: Puzzle, extensions: true },
]

const databaseItems = (engine: Engine | undefined): readonly Item[] =>
  DATABASE_ITEMS.filter((item) => (!item.model || item.model === engine?.data_model) && (!item.snapshots || engine?.snapshots) && (!item.sessions || engine?.sessions) && (!item.extensions || engine?.has_extensions))

function useDatabaseItems(id: string | undefined): readonly Item[] {
  const database = useQuery({ ...databaseQuery(id ?? ''), enabled: id !== undefined })
  return databaseItems(useEngine(database.data?.engine))
}

const HOME = { to: '/', label: 'Home', icon: House, exact: true } as const
const JOBS = { to: '/jobs', label: 'Jobs', icon: RotateCw } as const
const SETTINGS = { to: '/settings', label: 'Settings', icon: Settings } as const

function NavLink({ item, project, database }: { item: Item; project?: string; database?: string }) {
  const Icon = item.icon
  return (
    <Link
      to={item.to}
      params={{ project, database } as never}
      activeOptions={{ exact: item.exact ?? false, includeSearch: false }}
      activeProps={{ 'aria-current': 'page' }}
      title={item.label}
    >
      <Icon className="i" aria-hidden="true" />
      <span>{item.label}</span>
    </Link>
  )
}

export function MainNav({ project }: { project: string | undefined }) {
  const { database } = useParams({ strict: false })
  const databasePages = useDatabaseItems(database)
  return (
    <nav className="nav" aria-label="Main">
      <NavLink item={HOME} />
      {project ? (
        <>
          {database && (
            <>
              <h2>Database</h2>
              {databasePages.map((item) => (
                <NavLink key={item.to} item={item} project={project} database={database} />
              ))}
            </>
          )}
          <h2>Project</h2>
          {PROJECT_ITEMS.map((item) => (
            <NavLink key={item.to} item={item} project={project} />
          ))}
        </>
      ) : (
        <NavLink item={JOBS} />
      )}
      <div className="foot">
        <NavLink item={SETTINGS} />
      </div>
    </nav>
  )
}

function MoreMenu({ project, database, rest }: { project: string; database: string | undefined; rest: readonly Item[] }) {
  const navigate = useNavigate()
  return (
    <Menu
      align="end"
      trigger={
        <button type="button">
          <Ellipsis className="i" aria-hidden="true" />
          <span>More</span>
        </button>
      }
    >
      {rest.map((item) => (
        <MenuItem key={item.to} onSelect={() => void navigate({ to: item.to, params: { project, database } as never })}>
          {item.label}
        </MenuItem>
      ))}
      <MenuItem onSelect={() => void navigate({ to: '/' })}>Home</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/p/$project/databases', params: { project } })}>Databases</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/p/$project/dashboards', params: { project } })}>Dashboards</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/p/$project/columns', params: { project } })}>Columns</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/p/$project/endpoints', params: { project } })}>Endpoints</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/p/$project/impact', params: { project } })}>Impact</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/p/$project/personal-data', params: { project } })}>Personal data</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/p/$project/scan-diff', params: { project } })}>Compare scans</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/p/$project/shared-tables', params: { project } })}>Shared tables</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/p/$project/files', params: { project } })}>Files</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/p/$project/jobs', params: { project } })}>Jobs</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/settings/profile' })}>Settings</MenuItem>
    </Menu>
  )
}

export function TabBar({ project }: { project: string | undefined }) {
  const { database } = useParams({ strict: false })
  const databasePages = useDatabaseItems(database)
  if (!project) {
    return (
      <nav className="tabbar" aria-label="Main, small screens">
        <NavLink item={HOME} />
        <NavLink item={JOBS} />
        <NavLink item={SETTINGS} />
      </nav>
    )
  }
  const items: readonly Item[] = database ? databasePages : PROJECT_ITEMS
  return (
    <nav className="tabbar" aria-label="Main, small screens">
      {items.slice(0, 4).map((item) => (
        <NavLink key={item.to} item={item} project={project} database={database} />
      ))}
      <MoreMenu project={project} database={database} rest={database ? items.slice(4) : []} />
    </nav>
  )
}
