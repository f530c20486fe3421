// Owns what came of an import or export: how many rows, which rows were bad, the file to save.
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

/** What the result holds depends on the kind of transfer: the wire calls it an object. */
interface Result {
  rows?: number
  bad_rows?: number
  errors?: BadRow[]
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

function Exported({ transfer, result }: { transfer: Transfer; result: Result }) {
  const files = result.files ?? []
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
      <p className="small dim p-4">The file is kept for a week. Its schema.sql creates the tables.</p>
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
          <p className="p-4">{plural(result.rows, 'row')} imported.</p>
        </Panel>
      )}
      {(result.bad_rows ?? 0) > 0 && <BadRows transfer={transfer} result={result} />}
    </>
  )
}
