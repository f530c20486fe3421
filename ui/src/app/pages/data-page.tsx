// Owns which data page a database has: rows, documents or keys, by its engine's language.
import { lazy, Suspense } from 'react'
import { SkeletonRows } from '@/components/states'
import { useLanguage } from '@/features/databases/api'
import { useDatabase } from '@/lib/database-scope'

const PAGES = {
  sql: lazy(async () => ({ default: (await import('@/features/query/data-page')).DataPage })),
  mongodb: lazy(async () => ({ default: (await import('@/features/documents/documents-page')).DocumentsPage })),
  redis: lazy(async () => ({ default: (await import('@/features/documents/keys-page')).KeysPage })),
}

export function DataSwitch() {
  const language = useLanguage(useDatabase().engine)
  const Page = language ? PAGES[language] : null
  return <Suspense fallback={<SkeletonRows />}>{Page ? <Page /> : <SkeletonRows />}</Suspense>
}
