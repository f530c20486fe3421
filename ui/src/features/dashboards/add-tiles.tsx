// Owns the choice of saved queries for a dashboard; one's own query is shared when it is put there.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Dashboard, SavedQuery } from '@/api/types'
import { SearchField } from '@/components/field'
import { Loaded } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { savedQuery } from '@/features/query/api'
import { withErrorToast } from '@/lib/download'
import { useProjectScope } from '@/lib/project-scope'
import { shareQuery, type DashboardChanges } from './api'

function QueryRow({ query, there, onAdd }: { query: SavedQuery; there: boolean; onAdd: () => void }) {
  return (
    <li>
      <button type="button" className="histrow" onClick={onAdd}>
        <span className="cut grow font-medium">{query.name}</span>
        {there && <span className="chip">added</span>}
        {!query.shared && <span className="chip warn">will be shared</span>}
      </button>
    </li>
  )
}

export function AddTiles({ dashboard, changes, onClose }: { dashboard: Dashboard; changes: DashboardChanges; onClose: () => void }) {
  const { project } = useProjectScope()
  const saved = useQuery(savedQuery(project.id))
  const queries = useQueryClient()
  const [search, setSearch] = useState('')
  const there = new Set(dashboard.tiles.map((tile) => tile.query_id))
  const add = (query: SavedQuery) =>
    withErrorToast(async () => {
      if (!query.shared) {
        await shareQuery(query.id)
        await queries.invalidateQueries({ queryKey: ['saved'] })
      }
      await changes.add(query.id)
      onClose()
    })
  return (
    <Dialog title="Add a saved query" description="Everyone in the project can see it." open onOpenChange={(open) => !open && onClose()}>
      <SearchField label="Find a saved query" placeholder="Find a saved query" value={search} onChange={setSearch} className="w-full" />
      <Loaded query={saved} rows={4}>
        {(items) => {
          const fitting = items.filter((query) => query.database_id !== null && query.name.toLowerCase().includes(search.trim().toLowerCase()))
          return (
            <ul className="list" aria-label="Saved queries">
              {fitting.map((query) => (
                <QueryRow key={query.id} query={query} there={there.has(query.id)} onAdd={() => void add(query)} />
              ))}
              {fitting.length === 0 && (
                <li className="dim">
                  {search ? 'No matches.' : 'No saved queries yet. Write one on the SQL page of a '}
                  {!search && (
                    <Link className="link" to="/p/$project/databases" params={{ project: project.id }}>
                      database
                    </Link>
                  )}
                  {!search && ' and save it.'}
                </li>
              )}
            </ul>
          )
        }}
      </Loaded>
    </Dialog>
  )
}
