// Owns the routes: which page stands where, what its search holds, and that a session is needed inside the shell.
import { createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { auditSearch } from '@/lib/audit'
import { backupsSearch, lineageSearch, text, whole, type RawSearch } from '@/lib/search-params'
import { NotFound, RouteError } from './fallbacks'
import { confirmEmail, confirmSignUp, database, invite, project, providerReturn, requestReset, reset, root, shell, signIn, signUp } from './frames'
import { questionPages } from './question-routes'
import { transferPages } from './transfer-routes'
import { versionPages } from './version-routes'

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('@/features/projects/home-page'), 'HomePage'),
})

const jobs = createRoute({
  getParentRoute: () => shell,
  path: '/jobs',
  component: lazyRouteComponent(() => import('@/features/jobs/jobs-page'), 'AllJobsPage'),
})

const job = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/$job',
  component: lazyRouteComponent(() => import('@/features/jobs/job-page'), 'JobPage'),
})

const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  component: lazyRouteComponent(() => import('@/features/accounts/settings-layout'), 'SettingsLayout'),
})

const settingsIndex = createRoute({
  getParentRoute: () => settings,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/settings/profile' })
  },
})

const profile = createRoute({
  getParentRoute: () => settings,
  path: '/profile',
  component: lazyRouteComponent(() => import('@/features/accounts/profile-page'), 'ProfilePage'),
})

const security = createRoute({
  getParentRoute: () => settings,
  path: '/security',
  component: lazyRouteComponent(() => import('@/features/accounts/security-page'), 'SecurityPage'),
})

const keys = createRoute({
  getParentRoute: () => settings,
  path: '/keys',
  component: lazyRouteComponent(() => import('@/features/accounts/keys-page'), 'KeysPage'),
})

const members = createRoute({
  getParentRoute: () => settings,
  path: '/members',
  validateSearch: (raw: RawSearch): { organization?: string } => ({ organization: text(raw, 'organization') }),
  component: lazyRouteComponent(() => import('@/features/accounts/members-page'), 'MembersPage'),
})

const storage = createRoute({
  getParentRoute: () => settings,
  path: '/storage',
  validateSearch: (raw: RawSearch): { organization?: string } => ({ organization: text(raw, 'organization') }),
  component: lazyRouteComponent(() => import('@/features/snapshots/storage-page'), 'StoragePage'),
})

const instance = createRoute({
  getParentRoute: () => settings,
  path: '/instance',
  component: lazyRouteComponent(() => import('@/features/accounts/instance-page'), 'InstancePage'),
})

const audit = createRoute({
  getParentRoute: () => settings,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('@/features/accounts/audit-page'), 'AuditPage'),
})

const overview = createRoute({
  getParentRoute: () => project,
  path: '/',
  component: lazyRouteComponent(() => import('@/features/codebases/overview-page'), 'OverviewPage'),
})

const lineage = createRoute({
  getParentRoute: () => project,
  path: '/lineage',
  validateSearch: lineageSearch,
  component: lazyRouteComponent(() => import('@/features/codebases/lineage-page'), 'LineagePage'),
})

const schemaPage = lazyRouteComponent(() => import('@/features/schemas/schema-page'), 'SchemaPage')

const schema = createRoute({
  getParentRoute: () => project,
  path: '/schema',
  validateSearch: (raw: RawSearch): { q?: string; against?: string } => ({ q: text(raw, 'q'), against: text(raw, 'against') }),
  component: schemaPage,
})

const schemaTable = createRoute({ getParentRoute: () => schema, path: '$table' })

const fileSearch = (raw: RawSearch): { q?: string; line?: number } => ({
  q: text(raw, 'q'),
  line: whole(raw, 'line', 1, 10_000_000),
})

const files = createRoute({
  getParentRoute: () => project,
  path: '/files',
  validateSearch: fileSearch,
  component: lazyRouteComponent(() => import('@/features/codebases/files-page'), 'FilesPage'),
})

const file = createRoute({ getParentRoute: () => files, path: '$' })

const projectJobs = createRoute({
  getParentRoute: () => project,
  path: '/jobs',
  component: lazyRouteComponent(() => import('@/features/jobs/jobs-page'), 'ProjectJobsPage'),
})

const projectJob = createRoute({
  getParentRoute: () => project,
  path: '/jobs/$job',
  component: lazyRouteComponent(() => import('@/features/jobs/job-page'), 'JobPage'),
})

const databases = createRoute({
  getParentRoute: () => project,
  path: '/databases',
  component: lazyRouteComponent(() => import('@/features/databases/databases-page'), 'DatabasesPage'),
})

const databaseOverview = createRoute({
  getParentRoute: () => database,
  path: '/',
  component: lazyRouteComponent(() => import('@/features/databases/database-page'), 'DatabasePage'),
})

const sql = createRoute({
  getParentRoute: () => database,
  path: '/sql',
  validateSearch: (raw: RawSearch): { query?: string } => ({ query: text(raw, 'query') }),
  component: lazyRouteComponent(() => import('@/app/pages/query-page'), 'QueryPage'),
})

const data = createRoute({
  getParentRoute: () => database,
  path: '/data',
  component: lazyRouteComponent(() => import('@/app/pages/data-page'), 'DataSwitch'),
})

const dataTable = createRoute({
  getParentRoute: () => data,
  path: '$table',
  validateSearch: (raw: RawSearch): { filter?: string; sort?: string } => ({ filter: text(raw, 'filter'), sort: text(raw, 'sort') }),
})

const structure = createRoute({
  getParentRoute: () => database,
  path: '/structure',
  validateSearch: (raw: RawSearch): { table?: string } => ({ table: text(raw, 'table') }),
  component: lazyRouteComponent(() => import('@/features/structure/structure-page'), 'StructurePage'),
})

const diagram = createRoute({
  getParentRoute: () => database,
  path: '/diagram',
  component: lazyRouteComponent(() => import('@/features/designer/diagram-page'), 'DiagramPage'),
})

const sessions = createRoute({
  getParentRoute: () => database,
  path: '/sessions',
  component: lazyRouteComponent(() => import('@/features/query/sessions-page'), 'SessionsPage'),
})

const extensions = createRoute({
  getParentRoute: () => database,
  path: '/extensions',
  component: lazyRouteComponent(() => import('@/features/extensions/extensions-page'), 'ExtensionsPage'),
})

const migrations = createRoute({
  getParentRoute: () => database,
  path: '/migrations',
  component: lazyRouteComponent(() => import('@/features/migrations/migrations-page'), 'MigrationsPage'),
})

const backups = createRoute({
  getParentRoute: () => database,
  path: '/backups',
  validateSearch: backupsSearch,
  component: lazyRouteComponent(() => import('@/app/pages/backups-page'), 'BackupsPage'),
})

// The address of the page before it was called Backups.
const oldHistory = createRoute({
  getParentRoute: () => database,
  path: '/history',
  validateSearch: backupsSearch,
  beforeLoad: ({ params, search }) => {
    throw redirect({ to: '/p/$project/d/$database/backups', params, search, replace: true })
  },
})

const snapshotBrowser = createRoute({
  getParentRoute: () => database,
  path: '/snapshots/$snapshot',
  validateSearch: (raw: RawSearch): { table?: string } => ({ table: text(raw, 'table') }),
  component: lazyRouteComponent(() => import('@/features/extracts/browse-page'), 'BrowsePage'),
})

const dashboards = createRoute({
  getParentRoute: () => project,
  path: '/dashboards',
  component: lazyRouteComponent(() => import('@/features/dashboards/dashboards-page'), 'DashboardsPage'),
})

const dashboard = createRoute({
  getParentRoute: () => project,
  path: '/dashboards/$dashboard',
  component: lazyRouteComponent(() => import('@/features/dashboards/dashboard-page'), 'DashboardPage'),
})

const projectPages = project.addChildren([
  overview,
  databases,
  dashboards,
  dashboard,
  database.addChildren([databaseOverview, sql, data.addChildren([dataTable]), structure, diagram, migrations, backups, oldHistory, snapshotBrowser, ...versionPages, sessions, extensions, ...transferPages]),
  lineage,
  ...questionPages,
  schema.addChildren([schemaTable]),
  files.addChildren([file]),
  projectJobs,
  projectJob,
])

const users = createRoute({
  getParentRoute: () => settings,
  path: '/users',
  component: lazyRouteComponent(() => import('@/features/accounts/users-page'), 'UsersPage'),
})

const device = createRoute({
  getParentRoute: () => shell,
  path: '/device',
  validateSearch: (raw: RawSearch): { code?: string } => ({ code: text(raw, 'code') }),
  component: lazyRouteComponent(() => import('@/features/accounts/device-page'), 'DevicePage'),
})

const settingsPages = settings.addChildren([settingsIndex, profile, security, keys, members, storage, users, instance, audit])

export const router = createRouter({
  routeTree: root.addChildren([signIn, providerReturn, signUp, invite, requestReset, reset, confirmEmail, confirmSignUp, shell.addChildren([home, jobs, job, device, settingsPages, projectPages])]),
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: RouteError,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
