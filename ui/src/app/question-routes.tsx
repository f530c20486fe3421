// Owns the routes of the questions about the columns of a codebase.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { impactSearch } from '@/lib/impact'
import { personalSearch } from '@/lib/personal-data'
import { columnsSearch, endpointsSearch, oneOf, text, type RawSearch } from '@/lib/search-params'
import { project } from './frames'

const columns = createRoute({
  getParentRoute: () => project,
  path: '/columns',
  validateSearch: columnsSearch,
  component: lazyRouteComponent(() => import('@/features/codebases/columns-page'), 'ColumnsPage'),
})

const endpoints = createRoute({
  getParentRoute: () => project,
  path: '/endpoints',
  validateSearch: endpointsSearch,
  component: lazyRouteComponent(() => import('@/features/codebases/endpoints-page'), 'EndpointsPage'),
})

const impact = createRoute({
  getParentRoute: () => project,
  path: '/impact',
  validateSearch: impactSearch,
  component: lazyRouteComponent(() => import('@/features/codebases/impact-page'), 'ImpactPage'),
})

const personalData = createRoute({
  getParentRoute: () => project,
  path: '/personal-data',
  validateSearch: personalSearch,
  component: lazyRouteComponent(() => import('@/features/codebases/personal-data-page'), 'PersonalDataPage'),
})

const scanDiff = createRoute({
  getParentRoute: () => project,
  path: '/scan-diff',
  validateSearch: (raw: RawSearch): { before?: string } => ({ before: text(raw, 'before') }),
  component: lazyRouteComponent(() => import('@/features/codebases/scan-diff-page'), 'ScanDiffPage'),
})

const sharedTables = createRoute({
  getParentRoute: () => project,
  path: '/shared-tables',
  validateSearch: (raw: RawSearch): { show?: 'all' } => ({ show: oneOf(raw, 'show', ['all'] as const) }),
  component: lazyRouteComponent(() => import('@/features/codebases/shared-tables-page'), 'SharedTablesPage'),
})

export const questionPages = [columns, endpoints, impact, personalData, scanDiff, sharedTables] as const
