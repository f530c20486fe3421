// Owns which data page a database has: rows, documents or keys, by the data model of its engine.
import { lazy, Suspense } from 'react'
import { SkeletonRows } from '@/components/states'
import { useDatabaseEngine } from '@/features/databases/api'
import type { DataModel } from '@/lib/dialects'

const PAGES: Record<DataModel, ReturnType<typeof lazy>> = {
  relational: lazy(async () => ({ default: (await import('@/features/query/data-page')).DataPage })),
  document: lazy(async () => ({ default: (await import('@/features/documents/documents-page')).DocumentsPage })),
  key_value: lazy(async () => ({ default: (await import('@/features/documents/keys-page')).KeysPage })),
}

export function DataSwitch() {
  const engine = useDatabaseEngine()
  const Page = engine ? PAGES[engine.data_model] : null
  return <Suspense fallback={<SkeletonRows />}>{Page ? <Page /> : <SkeletonRows />}</Suspense>
}
