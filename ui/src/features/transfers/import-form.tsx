// Owns how an uploaded file is imported: into which table, by which columns, and what bad rows do.
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { ImportPreview } from '@/api/types'
import { Segmented, SelectField, TextField } from '@/components/field'
import { Panel } from '@/components/page'
import { ErrorNote } from '@/components/states'
import { useDatabase } from '@/lib/database-scope'
import { useProjectScope } from '@/lib/project-scope'
import { useImport } from './api'
import { ImportColumns, type Target } from './import-columns'
import { useRelations } from './table-choice'

const ON_ERROR = [
  { value: 'stop', label: 'Stop and roll back' },
  { value: 'skip', label: 'Skip it' },
] as const

const NEW = '+'
const tableName = (file: string) =>
  file
    .replace(/\.\w+$/, '')
    .replace(/\W+/g, '_')
    .toLowerCase()
    .slice(0, 63)

const fold = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '')

export function ImportForm({ preview }: { preview: ImportPreview }) {
  const database = useDatabase()
  const { project } = useProjectScope()
  const navigate = useNavigate()
  const relations = useRelations(database.id) ?? []
  const [into, setInto] = useState(NEW)
  const [name, setName] = useState(tableName(preview.transfer.filename ?? 'imported'))
  const [onError, setOnError] = useState<'stop' | 'skip'>('stop')
  const [confirmed, setConfirmed] = useState(false)
  const fresh = () => preview.columns.map((column) => ({ target: column.name, type: column.type }))
  const [targets, setTargets] = useState<Target[]>(fresh)
  const start = useImport()
  const script = preview.format === 'sql' || preview.format === 'archive'
  const table = relations[Number(into)]
  const known = into === NEW ? null : (table?.columns.map((column) => column.name) ?? [])
  const choose = (value: string) => {
    setInto(value)
    const names = relations[Number(value)]?.columns.map((column) => column.name) ?? []
    setTargets(value === NEW ? fresh() : preview.columns.map((column) => ({ target: names.find((one) => fold(one) === fold(column.name)) ?? '', type: column.type })))
  }
  const begin = () => {
    const columns = preview.columns.map((column, place) => ({ source: column.name, target: targets[place]?.target ?? '', type: targets[place]?.type ?? '' })).filter((one) => one.target)
    const where = into === NEW ? { table: name, create: true } : { table: table?.name ?? '', schema: table?.schema ?? null, create: false }
    start.mutate(
      { id: preview.transfer.id, on_error: onError, confirmed, ...(script ? {} : { ...where, columns }) },
      { onSuccess: (made) => void navigate({ to: '/p/$project/d/$database/transfers/$transfer', params: { project: project.id, database: database.id, transfer: made.id } }) },
    )
  }
  return (
    <>
      <Panel title="Table">
        <div className="flex flex-col gap-3 p-4">
          {script ? (
            <pre className="mono max-h-60 overflow-auto">{preview.text}</pre>
          ) : (
            <>
              <SelectField
                label="Into"
                value={into}
                onChange={choose}
                options={[{ value: NEW, label: 'A new table' }, ...relations.map((one, at) => ({ value: String(at), label: one.schema ? `${one.schema}.${one.name}` : one.name }))]}
              />
              {into === NEW && <TextField label="Name" value={name} maxLength={127} onChange={(event) => setName(event.target.value)} />}
            </>
          )}
          <div className="row flex-wrap">
            <span className="small font-semibold">When a {script ? 'statement fails' : 'row is invalid'}</span>
            <Segmented label="On error" value={onError} onChange={setOnError} options={ON_ERROR} />
          </div>
        </div>
      </Panel>
      {!script && <ImportColumns preview={preview} targets={targets} known={known} onChange={setTargets} />}
      {start.error && <ErrorNote error={start.error} />}
      <div className="row flex-wrap">
        {database.protected && (
          <label className="row">
            <input type="checkbox" checked={confirmed} onChange={(event) => setConfirmed(event.target.checked)} />
            The database is protected. Write to it anyway
          </label>
        )}
        <button type="button" className="btn primary end" disabled={start.isPending || (database.protected && !confirmed) || (!script && targets.every((one) => !one.target))} onClick={begin}>
          {start.isPending ? 'Starting…' : script ? preview.format === 'archive' ? 'Load the archive' : 'Run the script' : 'Import'}
        </button>
      </div>
    </>
  )
}
