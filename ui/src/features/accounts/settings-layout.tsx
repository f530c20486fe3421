// Owns the frame of the settings: the list of their pages.
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet } from '@tanstack/react-router'
import { meQuery } from './api'

const PAGES = [
  { to: '/settings/profile', label: 'Profile' },
  { to: '/settings/security', label: 'Security' },
  { to: '/settings/keys', label: 'API keys' },
  { to: '/settings/members', label: 'Members' },
  { to: '/settings/storage', label: 'Snapshots' },
  { to: '/settings/audit', label: 'Audit log' },
] as const

const ADMIN_PAGES = [
  { to: '/settings/users', label: 'Accounts' },
  { to: '/settings/instance', label: 'Instance' },
] as const

export function SettingsLayout() {
  const admin = useQuery(meQuery()).data?.user.is_admin ?? false
  return (
    <>
      <nav className="subnav" aria-label="Settings">
        {PAGES.map((page) => (
          <Link key={page.to} to={page.to} activeProps={{ 'aria-current': 'page' }}>
            {page.label}
          </Link>
        ))}
        {admin &&
          ADMIN_PAGES.map((page) => (
            <Link key={page.to} to={page.to} activeProps={{ 'aria-current': 'page' }}>
              {page.label}
            </Link>
          ))}
      </nav>
      <Outlet />
    </>
  )
}
