// Owns the routes of the versions of a database: its branches, what differs, and merges.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { ChangeKind } from '@/api/types'
import { oneOf, text, type RawSearch } from '@/lib/search-params'
import { database } from './frames'

const branches = createRoute({
  getParentRoute: () => database,
  path: '/branches',
  component: lazyRouteComponent(() => import('@/features/branches/branches-page'), 'BranchesPage'),
})

const diff = createRoute({
  getParentRoute: () => database,
  path: '/diff',
  validateSearch: (raw: RawSearch): { before?: string; after?: string; table?: string; kind?: ChangeKind } => ({
    before: text(raw, 'before'),
    after: text(raw, 'after'),
    table: text(raw, 'table'),
    kind: oneOf(raw, 'kind', ['added', 'removed', 'changed'] as const),
  }),
  component: lazyRouteComponent(() => import('@/features/diffs/diff-page'), 'DiffPage'),
})

const merge = createRoute({
  getParentRoute: () => database,
  path: '/merge',
  validateSearch: (raw: RawSearch): { base?: string; source?: string; merge?: string } => ({ base: text(raw, 'base'), source: text(raw, 'source'), merge: text(raw, 'merge') }),
  component: lazyRouteComponent(() => import('@/features/merges/merge-page'), 'MergePage'),
})

export const versionPages = [branches, diff, merge] as const
