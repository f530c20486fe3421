// Owns the routes of a database's copies, imports and exports.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { text, type RawSearch } from '@/lib/search-params'
import { database } from './frames'

const transfers = createRoute({
  getParentRoute: () => database,
  path: '/transfers',
  component: lazyRouteComponent(() => import('@/features/transfers/transfers-page'), 'TransfersPage'),
})

const copyPage = createRoute({
  getParentRoute: () => database,
  path: '/transfers/copy',
  validateSearch: (raw: RawSearch): { snapshot?: string } => ({ snapshot: text(raw, 'snapshot') }),
  component: lazyRouteComponent(() => import('@/features/transfers/copy-page'), 'CopyPage'),
})

const importPage = createRoute({
  getParentRoute: () => database,
  path: '/transfers/import',
  component: lazyRouteComponent(() => import('@/features/transfers/import-page'), 'ImportPage'),
})

const exportPage = createRoute({
  getParentRoute: () => database,
  path: '/transfers/export',
  component: lazyRouteComponent(() => import('@/features/transfers/export-page'), 'ExportPage'),
})

const transfer = createRoute({
  getParentRoute: () => database,
  path: '/transfers/$transfer',
  component: lazyRouteComponent(() => import('@/features/transfers/transfer-page'), 'TransferPage'),
})

export const transferPages = [transfers, copyPage, importPage, exportPage, transfer] as const
