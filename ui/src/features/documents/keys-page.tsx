// Owns the data page of databases with keys: the tree of keys found so far, and the value of the one that is open.
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Plus, RefreshCw } from 'lucide-react'
import { useState } from 'react'
import { SearchField } from '@/components/field'
import { usePageTitle } from '@/components/page'
import { EmptyState, ErrorNote, SkeletonRows } from '@/components/states'
import { useDatabase } from '@/lib/database-scope'
import { count } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { entriesQuery } from './api'
import { KeyTree } from './key-tree'
import { KeyView } from './key-view'
import { NewKeyDialog } from './new-key-dialog'
import { useChange } from './use-change'

const PAGE = 500

export function KeysPage() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const navigate = useNavigate()
  const { table: address } = useParams({ strict: false })
  // The schema knows patterns, not keys: an address with a star is a search.
  const pattern = address?.includes('*') ? address : ''
  const current = pattern ? undefined : address
  const [typed, setTyped] = useState<string | null>(null)
  const [filter, setFilter] = useState<string | null>(null)
  const [making, setMaking] = useState(false)
  const { canWrite, send, question } = useChange()
  const wanted = filter ?? pattern
  const pages = useInfiniteQuery(entriesQuery(database.id, { holder: '', filter: wanted, sort: '', limit: PAGE }))
  usePageTitle(`${current ?? 'Keys'} · ${database.name}`)
  const keys = pages.data?.pages.flatMap((page) => page.items) ?? []
  const total = pages.data?.pages[0]?.total ?? null
  const open = (key: string | null) =>
    void (key === null
      ? navigate({ to: '/p/$project/d/$database/data', params: { project: project.id, database: database.id } })
      : navigate({ to: '/p/$project/d/$database/data/$table', params: { project: project.id, database: database.id, table: key }, search: {} }))
  return (
    <div className={`sqlpage ${current ? 'has-table' : 'no-table'}`}>
      <h1 className="sr">Keys of {database.name}</h1>
      <div className="filetree">
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault()
            setFilter((typed ?? pattern).trim())
          }}
        >
          <SearchField label="Find keys by pattern" placeholder="user:*, then Enter" value={typed ?? pattern} onChange={(text) => (text === '' ? (setTyped(''), setFilter('')) : setTyped(text))} className="grow" />
          <button type="button" className="btn ghost icon" aria-label="Refresh keys" onClick={() => void pages.refetch()}>
            <RefreshCw className="i" aria-hidden="true" />
          </button>
          {canWrite && (
            <button type="button" className="btn ghost icon" aria-label="New key" onClick={() => setMaking(true)}>
              <Plus className="i" aria-hidden="true" />
            </button>
          )}
        </form>
        {pages.isPending && <SkeletonRows rows={6} />}
        {pages.error && <ErrorNote error={pages.error} retry={() => void pages.refetch()} />}
        {pages.data && (
          <KeyTree keys={keys} current={current} openAll={wanted !== '' && keys.length < 200} onOpen={open} empty={wanted ? (pages.hasNextPage ? 'No matches so far.' : 'No keys match.') : 'No keys yet.'} />
        )}
        <footer className="row small dim px-2">
          <span className="grow">
            {count(new Set(keys.map((key) => key.id)).size)} found{total === null ? '' : ` of ${count(total)}`}
          </span>
          {pages.hasNextPage && (
            <button type="button" className="btn ghost" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              Load more
            </button>
          )}
        </footer>
      </div>
      <div className="sqlmain">{current === undefined ? <EmptyState text="Select a key." /> : <KeyView key={`${database.id}/${current}`} id={current} onGone={() => open(null)} />}</div>
      {making && <NewKeyDialog send={send} onClose={() => setMaking(false)} onMade={open} />}
      {question}
    </div>
  )
}
