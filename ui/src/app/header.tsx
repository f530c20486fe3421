// Owns the header: where we are (organization / project / codebase), search, running jobs, theme, account.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Keyboard, LogOut, Moon, Search, Settings, Sun } from 'lucide-react'
import { Mark } from '@/components/marks'
import { Menu, MenuItem, MenuLabel, MenuSeparator } from '@/components/ui/menu'
import { meQuery, useSignOut } from '@/features/accounts/api'
import { runningJobsQuery } from '@/features/jobs/api'
import { initials, plural } from '@/lib/format'
import { chord } from '@/lib/hotkeys'
import { progressPart } from '@/lib/jobs'
import { signedInUser } from '@/lib/session'
import { setTheme, useTheme } from '@/lib/theme'
import { Breadcrumbs } from './breadcrumbs'

const RING = 2 * Math.PI * 7.5

function JobsRing({ project }: { project: string | undefined }) {
  const jobs = useQuery(runningJobsQuery()).data ?? []
  if (jobs.length === 0) return null
  const part = Math.max(0.04, jobs.reduce((sum, job) => sum + progressPart(job), 0) / jobs.length)
  const link = project ? ({ to: '/p/$project/jobs', params: { project } } as const) : ({ to: '/jobs' } as const)
  return (
    <Link {...link} className="jobsring" aria-label={`${plural(jobs.length, 'job')} running`}>
      <svg width="20" height="20" viewBox="0 0 20 20" fill="none" strokeWidth="2" aria-hidden="true">
        <circle cx="10" cy="10" r="7.5" stroke="var(--line)" />
        <circle cx="10" cy="10" r="7.5" stroke="var(--accent)" strokeDasharray={`${RING * part} ${RING}`} strokeLinecap="round" transform="rotate(-90 10 10)" />
      </svg>
    </Link>
  )
}

function ThemeToggle() {
  const theme = useTheme()
  const Icon = theme === 'dark' ? Sun : Moon
  const next = theme === 'dark' ? 'light' : 'dark'
  return (
    <button type="button" className="btn ghost icon hide-p" aria-label={`Switch to the ${next} theme`} onClick={() => setTheme(next)}>
      <Icon className="i" aria-hidden="true" />
    </button>
  )
}

function UserMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const navigate = useNavigate()
  const signOut = useSignOut()
  const theme = useTheme()
  const user = useQuery(meQuery()).data?.user ?? signedInUser()
  if (!user) return null
  const next = theme === 'dark' ? 'light' : 'dark'
  return (
    <Menu
      align="end"
      trigger={
        <button type="button" className="ava" aria-label={`${user.name || user.email}, account`}>
          {initials(user.name || user.email)}
        </button>
      }
    >
      <MenuLabel>{user.email}</MenuLabel>
      <MenuItem onSelect={() => void navigate({ to: '/settings/profile' })}>
        <Settings className="i" aria-hidden="true" />
        Settings
      </MenuItem>
      <MenuItem onSelect={() => setTheme(next)}>
        {next === 'dark' ? <Moon className="i" aria-hidden="true" /> : <Sun className="i" aria-hidden="true" />}
        {next === 'dark' ? 'Dark theme' : 'Light theme'}
      </MenuItem>
      <MenuItem onSelect={onShortcuts}>
        <Keyboard className="i" aria-hidden="true" />
        Keyboard shortcuts
      </MenuItem>
      <MenuSeparator />
      <MenuItem onSelect={() => void signOut()}>
        <LogOut className="i" aria-hidden="true" />
        Sign out
      </MenuItem>
    </Menu>
  )
}

interface HeaderProps {
  project: string | undefined
  onSearch: () => void
  onShortcuts: () => void
}

export function Header({ project, onSearch, onShortcuts }: HeaderProps) {
  return (
    <header className="top">
      <Link to="/" className="brand" aria-label="Headwater, home">
        <Mark />
      </Link>
      <Breadcrumbs project={project} />
      <button type="button" className="btn find" aria-label="Search or run a command" onClick={onSearch}>
        <Search className="i" aria-hidden="true" />
        <span>Search or run a command</span>
        <kbd>{chord('K')}</kbd>
      </button>
      <JobsRing project={project} />
      <ThemeToggle />
      <UserMenu onShortcuts={onShortcuts} />
    </header>
  )
}
