// Owns what came of an import or export: how many rows, which rows were bad, what was left out, the file to save.
import { Download } from 'lucide-react'
import type { Transfer } from '@/api/types'
import { Panel, TableScroll } from '@/components/page'
import { saveBlob, withErrorToast } from '@/lib/download'
import { bytes, count, plural } from '@/lib/format'
import { downloadErrors, downloadExport } from './api'

interface BadRow {
  row: number
  column: string
  sentence: string
}

/** A statement of a script that was left out or changed. */
interface ScriptNote {
  statement: number
  line: number
  text: string
  reason: string
}

/** What the result holds depends on the kind of transfer: the wire calls it an object. */
interface Result {
  rows?: number
  bad_rows?: number
  errors?: BadRow[]
  skipped?: ScriptNote[]
  skipped_count?: number
  changed?: ScriptNote[]
  changed_count?: number
  notes?: string[]
  files?: { table: string; rows: number }[]
  size_bytes?: number
}

function Save({ load, name, children }: { load: () => Promise<Blob>; name: string; children: string }) {
  return (
    <button type="button" className="btn" onClick={() => void withErrorToast(async () => saveBlob(await load(), name))}>
      <Download className="i" aria-hidden="true" />
      {children}
    </button>
  )
}

function BadRows({ transfer, result }: { transfer: Transfer; result: Result }) {
  const errors = result.errors ?? []
  return (
    <Panel
      title={`${plural(result.bad_rows ?? 0, 'invalid row')}`}
      aside={
        <Save load={() => downloadErrors(transfer.id)} name={`${transfer.filename ?? 'import'}-errors.csv`}>
          Download as CSV
        </Save>
      }
    >
      <TableScroll label="Invalid rows">
        <table className="table">
          <thead>
            <tr>
              {['Row', 'Column', 'Problem'].map((name) => (
                <th key={name} scope="col" className={name === 'Row' ? 'num' : ''}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {errors.map((one) => (
              <tr key={`${one.row}${one.column}`}>
                <td className="num">{count(one.row)}</td>
                <td className="mono">{one.column}</td>
                <td className="w-full">{one.sentence}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Panel>
  )
}

function ScriptNotes({ title, notes, total }: { title: string; notes: ScriptNote[]; total: number }) {
  return (
    <Panel title={title} aside={total > notes.length && <span className="dim small">{`The first ${count(notes.length)} are shown`}</span>}>
      <TableScroll label={title}>
        <table className="table tall">
          <thead>
            <tr>
              {['Line', 'Statement', 'Why'].map((name) => (
                <th key={name} scope="col" className={name === 'Line' ? 'num' : ''}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {notes.map((note) => (
              <tr key={note.statement}>
                <td className="num">{count(note.line)}</td>
                <td className="w-1/2 max-w-0">
                  <span className="mono cut block" title={note.text}>
                    {note.text}
                  </span>
                </td>
                <td className="w-1/2">{note.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Panel>
  )
}

function Exported({ transfer, result }: { transfer: Transfer; result: Result }) {
  const files = result.files ?? []
  const sql = transfer.request.format === 'sql'
  return (
    <Panel
      title={plural(files.length, 'table')}
      aside={
        <Save load={() => downloadExport(transfer.id)} name={transfer.filename ?? 'export.zip'}>
          {`Download (${bytes(result.size_bytes ?? 0)})`}
        </Save>
      }
    >
      <TableScroll label="Tables">
        <table className="table">
          <tbody>
            {files.map((one) => (
              <tr key={one.table}>
                <td className="mono w-full">{one.table}</td>
                <td className="num whitespace-nowrap">{plural(one.rows, 'row')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
      <p className="small dim p-4">{sql ? 'The file is kept for a week. Its script can be imported again.' : 'The file is kept for a week. Its schema.sql creates the tables.'}</p>
    </Panel>
  )
}

export function Outcome({ transfer }: { transfer: Transfer }) {
  const result = transfer.result as Result
  if (transfer.kind === 'export' && result.files) return <Exported transfer={transfer} result={result} />
  if (transfer.kind !== 'import' || result.rows === undefined) return null
  return (
    <>
      {transfer.job?.state === 'completed' && (
        <Panel title="Result">
          <div className="flex flex-col gap-1 p-4">
            <p>{plural(result.rows, 'row')} imported.</p>
            {(result.notes ?? []).map((note) => (
              <p key={note} className="small">
                {note}
              </p>
            ))}
          </div>
        </Panel>
      )}
      {result.skipped && result.skipped.length > 0 && (
        <ScriptNotes title={`${plural(result.skipped_count ?? 0, 'statement')} left out`} notes={result.skipped} total={result.skipped_count ?? 0} />
      )}
      {result.changed && result.changed.length > 0 && (
        <ScriptNotes title={`${plural(result.changed_count ?? 0, 'statement')} changed`} notes={result.changed} total={result.changed_count ?? 0} />
      )}
      {(result.bad_rows ?? 0) > 0 && <BadRows transfer={transfer} result={result} />}
    </>
  )
}
