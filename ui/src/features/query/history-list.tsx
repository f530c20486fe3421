// Owns the lists of past runs and saved queries.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { SearchField } from '@/components/field'
import { Loaded } from '@/components/states'
import { useDatabase } from '@/lib/database-scope'
import { ago, count } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { runsQuery, savedQuery } from './api'

export function HistoryList({ onUse }: { onUse: (text: string) => void }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const [search, setSearch] = useState('')
  const runs = useQuery(runsQuery(database.id, search))
  const saved = useQuery(savedQuery(project.id)).data ?? []
  return (
    <div className="scroll p-3">
      {saved.length > 0 && (
        <>
          <h2 className="p-2">Saved</h2>
          <ul className="list">
            {saved.map((query) => (
              <li key={query.id}>
                <button type="button" className="histrow" onClick={() => onUse(query.text)}>
                  <span className="font-medium">{query.name}</span>
                  {query.shared && <span className="chip">shared</span>}
                  <code className="cut grow dim">{query.text}</code>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      <div className="row p-2">
        <h2>Query history</h2>
        <span className="grow" />
        <SearchField label="Search the query history" placeholder="Search" value={search} onChange={setSearch} />
      </div>
      <Loaded query={runs} rows={4}>
        {(items) => (
          <ul className="list">
            {items.map((item) => (
              <li key={item.id}>
                <button type="button" className="histrow" title={item.error ?? 'Insert into the editor'} onClick={() => onUse(item.text)}>
                  <span className={`chip ${item.state === 'ok' ? 'add' : item.state === 'failed' ? 'del' : ''}`}>{item.state}</span>
                  <code className="cut grow">{item.text}</code>
                  <span className="dim small hide-p">{item.rows !== null && item.state === 'ok' ? `${count(item.rows)} rows, ` : ''}{item.milliseconds.toFixed(0)} ms</span>
                  <span className="dim small">{ago(item.started_at)}</span>
                </button>
              </li>
            ))}
            {items.length === 0 && <li className="dim p-2">{search ? 'No matches.' : 'No queries yet.'}</li>}
          </ul>
        )}
      </Loaded>
    </div>
  )
}
