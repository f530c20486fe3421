// Owns the row that a foreign key points to: a look at it, and the way there.
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { Cell, LiveRelation } from '@/api/types'
import { cellText } from '@/lib/cells'
import { useDatabase } from '@/lib/database-scope'
import { useProjectScope } from '@/lib/project-scope'
import { readRows } from './api'
import { tableAddress } from '@/lib/table-name'

type ForeignKey = NonNullable<LiveRelation['foreign_keys']>[number]
const SHOWN = 3

export function Reference({ target, value }: { target: ForeignKey; value: Cell }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const navigate = useNavigate()
  const column = target.ref_columns?.[0] ?? 'id'
  const filters = [{ column, operator: '=' as const, value, values: [] }]
  const found = useQuery({
    queryKey: ['reference', database.id, target.ref_schema, target.ref_table, column, value],
    queryFn: () => readRows(database.id, { table: target.ref_table, schema: target.ref_schema ?? null, filters, sort: [], limit: 1, counts: false }),
    staleTime: 60_000,
    retry: false,
  })
  const row = found.data?.rows[0]
  // What people call a row by: its first texts.
  const words = row?.filter((_, at) => found.data?.columns[at]?.kind === 'text').slice(0, SHOWN) ?? []
  return (
    <span className="row cut">
      {words.length > 0 && <span className="dim cut hide-p">{words.map((word) => cellText(word).slice(0, 40)).join(' · ')}</span>}
      <button
        type="button"
        className="link"
        onClick={() =>
          void navigate({
            to: '/p/$project/d/$database/data/$table',
            params: { project: project.id, database: database.id, table: tableAddress({ name: target.ref_table, schema: target.ref_schema }) },
            search: { filter: `${column} = '${String(value).replaceAll("'", "''")}'` },
          })
        }
      >
        Go to {target.ref_table} {String(value).slice(0, 24)}
      </button>
    </span>
  )
}
