// Owns beginning an export: which tables, in which format.
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { ExportFormat } from '@/api/types'
import { Segmented } from '@/components/field'
import { PageFrame, Panel } from '@/components/page'
import { ErrorNote } from '@/components/states'
import { useDatabase } from '@/lib/database-scope'
import { useProjectScope } from '@/lib/project-scope'
import { useExport } from './api'
import { TableChoice } from './table-choice'

const FORMATS: readonly { value: ExportFormat; label: string }[] = [
  { value: 'csv', label: 'CSV' },
  { value: 'ndjson', label: 'NDJSON' },
  { value: 'parquet', label: 'Parquet' },
  { value: 'sql', label: 'SQL' },
]

export function ExportPage() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const navigate = useNavigate()
  const [format, setFormat] = useState<ExportFormat>('csv')
  const [tables, setTables] = useState<string[] | null>(null)
  const start = useExport(database.id)
  const begin = () =>
    start.mutate(
      { tables, format },
      { onSuccess: (made) => void navigate({ to: '/p/$project/d/$database/transfers/$transfer', params: { project: project.id, database: database.id, transfer: made.id } }) },
    )
  return (
    <PageFrame title="Export" subtitle={<p className="dim">One file per table from one consistent snapshot, in a ZIP</p>}>
      <Panel title="Format">
        <div className="p-4">
          <Segmented label="Format" value={format} onChange={setFormat} options={FORMATS} />
        </div>
      </Panel>
      <TableChoice database={database.id} chosen={tables} onChange={setTables} />
      {start.error && <ErrorNote error={start.error} />}
      <div className="row">
        <button type="button" className="btn primary end" disabled={start.isPending || tables?.length === 0} onClick={begin}>
          {start.isPending ? 'Starting…' : 'Export'}
        </button>
      </div>
    </PageFrame>
  )
}
