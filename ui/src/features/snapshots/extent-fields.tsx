// Owns saying which tables a snapshot holds: all, only some, or all but some.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { LiveSchema } from '@/api/types'
import { Segmented } from '@/components/field'
import { Loaded } from '@/components/states'
import { liveSchemaQuery } from '@/features/databases/api'
import { tableName } from '@/lib/table-name'
import { TableChecks } from '@/components/table-checks'

type Choice = 'all' | 'only' | 'but'

const CHOICES: readonly { value: Choice; label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'only', label: 'Selected' },
  { value: 'but', label: 'All except' },
]

const LEGENDS: Record<Exclude<Choice, 'all'>, string> = { only: 'Tables to include', but: 'Tables to exclude' }

const holdsRows = (relation: LiveSchema['relations'][number]) => relation.kind === 'table' || relation.kind === 'collection'

export interface Extent {
  tables: string[] | null
  exclude: string[] | null
}

/** Whether something was chosen where some are to be named. */
export const isNamed = ({ tables, exclude }: Extent): boolean => (tables ?? exclude ?? ['all']).length > 0

interface ExtentProps {
  database: string
  value: Extent
  onChange: (extent: Extent) => void
}

export function ExtentFields({ database, value, onChange }: ExtentProps) {
  const schema = useQuery(liveSchemaQuery(database))
  const [choice, setChoice] = useState<Choice>(value.tables ? 'only' : value.exclude ? 'but' : 'all')
  const change = (next: Choice, names: string[]) => {
    setChoice(next)
    onChange({ tables: next === 'only' ? names : null, exclude: next === 'but' ? names : null })
  }
  return (
    <>
      <div className="formrow">
        <h3>Tables</h3>
        <Segmented className="self-start" label="Tables" value={choice} onChange={(next) => change(next, value.tables ?? value.exclude ?? [])} options={CHOICES} />
      </div>
      {choice !== 'all' && (
        <Loaded query={schema} rows={3}>
          {(found) => (
            <TableChecks
              label={LEGENDS[choice]}
              tables={found.relations.filter(holdsRows).map((one) => ({ name: tableName({ schema: one.schema ?? null, name: one.name }), rows: one.rows }))}
              chosen={new Set(value.tables ?? value.exclude)}
              onChange={(chosen) => change(choice, [...chosen].sort())}
            />
          )}
        </Loaded>
      )}
    </>
  )
}
