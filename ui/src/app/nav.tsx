// Owns the navigation: the rail at the left, and the bar at the bottom of phones.
import { Link, useNavigate, type LinkProps } from '@tanstack/react-router'
import { ChartNoAxesGantt, Ellipsis, FileCode, House, LayoutDashboard, ListTree, RotateCw, Settings, Waypoints, type LucideIcon } from 'lucide-react'
import { Menu, MenuItem } from '@/components/ui/menu'

interface Item {
  to: LinkProps['to']
  label: string
  icon: LucideIcon
  exact?: boolean
}

const PROJECT_ITEMS = [
  { to: '/p/$project', label: 'Overview', icon: LayoutDashboard, exact: true },
  { to: '/p/$project/schema', label: 'Schema', icon: ListTree },
  { to: '/p/$project/lineage', label: 'Lineage', icon: Waypoints },
  { to: '/p/$project/columns', label: 'Columns', icon: ChartNoAxesGantt },
  { to: '/p/$project/files', label: 'Files', icon: FileCode },
  { to: '/p/$project/jobs', label: 'Jobs', icon: RotateCw },
] as const satisfies readonly Item[]

const HOME = { to: '/', label: 'Home', icon: House, exact: true } as const
const JOBS = { to: '/jobs', label: 'Jobs', icon: RotateCw } as const
const SETTINGS = { to: '/settings', label: 'Settings', icon: Settings } as const

function NavLink({ item, project }: { item: Item; project?: string }) {
  const Icon = item.icon
  return (
    <Link
      to={item.to}
      params={{ project } as never}
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
  return (
    <nav className="nav" aria-label="Main">
      <NavLink item={HOME} />
      {project ? (
        <>
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

function MoreMenu({ project }: { project: string }) {
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
      <MenuItem onSelect={() => void navigate({ to: '/' })}>Home</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/p/$project/files', params: { project } })}>Files</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/p/$project/jobs', params: { project } })}>Jobs</MenuItem>
      <MenuItem onSelect={() => void navigate({ to: '/settings/profile' })}>Settings</MenuItem>
    </Menu>
  )
}

export function TabBar({ project }: { project: string | undefined }) {
  if (!project) {
    return (
      <nav className="tabbar" aria-label="Main, small screens">
        <NavLink item={HOME} />
        <NavLink item={JOBS} />
        <NavLink item={SETTINGS} />
      </nav>
    )
  }
  return (
    <nav className="tabbar" aria-label="Main, small screens">
      {PROJECT_ITEMS.slice(0, 4).map((item) => (
        <NavLink key={item.to} item={item} project={project} />
      ))}
      <MoreMenu project={project} />
    </nav>
  )
}
