// Owns the choice of tables: all of them, or some.
import { useQuery } from '@tanstack/react-query'
import { Panel } from '@/components/page'
import { Loaded } from '@/components/states'
import { count } from '@/lib/format'
import { liveSchemaQuery } from '@/features/databases/api'

/** The tables of a database. */
export function useRelations(database: string) {
  return useQuery(liveSchemaQuery(database)).data?.relations.filter((one) => one.kind === 'table')
}

/** The tables of a database by their names as the API takes them. */
export function useTables(database: string) {
  const schema = useQuery(liveSchemaQuery(database))
  const tables = schema.data?.relations.filter((one) => one.kind === 'table').map((one) => ({ name: one.schema ? `${one.schema}.${one.name}` : one.name, rows: one.rows }))
  return { ...schema, data: tables }
}

interface ChoiceProps {
  database: string
  /** null means all. */
  chosen: string[] | null
  onChange: (chosen: string[] | null) => void
}

export function TableChoice({ database, chosen, onChange }: ChoiceProps) {
  const tables = useTables(database)
  return (
    <Panel
      title="Tables"
      aside={
        <button type="button" className="link" onClick={() => onChange(chosen === null ? [] : null)}>
          {chosen === null ? 'Select tables' : 'Select all'}
        </button>
      }
    >
      <Loaded query={tables} rows={3}>
        {(items) => (
          <ul className="grid max-h-60 grid-cols-[repeat(auto-fill,minmax(200px,1fr))] overflow-y-auto p-2">
            {items.map((table) => (
              <li key={table.name}>
                <label className="row px-2 py-1">
                  <input
                    type="checkbox"
                    checked={chosen === null || chosen.includes(table.name)}
                    onChange={(event) => {
                      const now = chosen ?? items.map((one) => one.name)
                      onChange(event.target.checked ? [...now, table.name] : now.filter((one) => one !== table.name))
                    }}
                  />
                  <span className="mono cut">{table.name}</span>
                  {table.rows !== null && table.rows !== undefined && <span className="dim small end">{count(Math.max(0, table.rows))}</span>}
                </label>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}
