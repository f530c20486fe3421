// Owns what a finished scan says: totals, languages, readers, what was skipped, what was not understood.
import { Link } from '@tanstack/react-router'
import type { Codebase, Scan } from '@/api/types'
import { Bar } from '@/components/marks'
import { Panel, TableScroll } from '@/components/page'
import { bytes, count, moment, plural, seconds, words } from '@/lib/format'
import { languageName } from '@/lib/usage-kinds'
import { CommitNote } from './commit-note'
import { NotUnderstoodPanel } from './not-understood'
import { SkippedPanel } from './skipped'

function Totals({ scan }: { scan: Scan }) {
  return (
    <dl className="panel strip">
      <div>
        <dt>Tables</dt>
        <dd>
          <Link from="/p/$project" to="/p/$project/schema" className="hover:underline">
            {count(scan.tables)}
          </Link>
        </dd>
      </div>
      <div>
        <dt>Columns</dt>
        <dd>
          <Link from="/p/$project" to="/p/$project/columns" className="hover:underline">
            {count(scan.columns)}
          </Link>
        </dd>
      </div>
      <div>
        <dt>Usages</dt>
        <dd>
          <Link from="/p/$project" to="/p/$project/lineage" className="hover:underline">
            {count(scan.usages)}
          </Link>
        </dd>
      </div>
      <div>
        <dt>Files</dt>
        <dd>
          <Link from="/p/$project" to="/p/$project/files" className="hover:underline">
            {count(scan.files.scanned)}
          </Link>
          <small>
            of {count(scan.files.total)} read, {bytes(scan.files.bytes)}
          </small>
        </dd>
      </div>
    </dl>
  )
}

function Languages({ scan }: { scan: Scan }) {
  const rows = [...scan.languages].sort((a, b) => b.usages - a.usages || b.files - a.files)
  const most = Math.max(1, ...rows.map((row) => row.usages))
  return (
    <Panel title="Languages" aside={scan.seconds !== null ? `Scanned in ${seconds(scan.seconds)}` : undefined}>
      <TableScroll label="Languages">
        <table className="table langs">
          <thead>
            <tr>
              <th scope="col">Language</th>
              <th scope="col" className="num">Files</th>
              <th scope="col" className="num">Lines</th>
              <th scope="col" className="num">Usages</th>
              <th scope="col" className="hide-p">
                <span className="sr">Share</span>
              </th>
              <th scope="col" className="num">Errors</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.language}>
                <td>
                  {languageName(row.language)} {!row.supported && <span className="chip">not supported yet</span>}
                </td>
                <td className="num">{count(row.files)}</td>
                <td className="num">{count(row.lines)}</td>
                <td className="num">{row.usages ? count(row.usages) : '–'}</td>
                <td className="hide-p">{row.usages > 0 && <Bar part={row.usages / most} label={`Share of usages in ${languageName(row.language)}`} />}</td>
                <td className={`num ${row.errors ? 't-warn' : ''}`}>{row.errors || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Panel>
  )
}

function Readers({ scan }: { scan: Scan }) {
  return (
    <Panel title="Schema sources" aside={plural(scan.readers.length, 'source')}>
      {scan.readers.length === 0 ? (
        <p className="p-3 dim">No models or SQL files were found, so there are no columns to trace.</p>
      ) : (
        <ul className="skips">
          {scan.readers.map((reader) => (
            <li key={`${reader.reader} ${reader.path}`}>
              <code className="cut">{reader.path}</code>
              <span className="small">
                {reader.reader} · {plural(reader.models, 'model')}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

export function ScanResult({ codebase, scan }: { codebase: Codebase; scan: Scan }) {
  return (
    <>
      <div className="head">
        <h2 className="cut">{codebase.name}</h2>
        <span className="dim small">
          {scan.finished_at ? `Scanned ${moment(scan.finished_at)}` : words(scan.state)}
        </span>
        {scan.commit && <CommitNote commit={scan.commit} />}
        <span className="grow" />
        <Link from="/p/$project" to="/p/$project/columns" className="btn hide-p">
          Columns
        </Link>
        <Link from="/p/$project" to="/p/$project/lineage" className="btn">
          Open lineage
        </Link>
      </div>
      <Totals scan={scan} />
      <div className="scan">
        <div className="stack">
          <Languages scan={scan} />
          {scan.not_understood > 0 && <NotUnderstoodPanel codebase={codebase.id} total={scan.not_understood} />}
        </div>
        <div className="stack">
          <Readers scan={scan} />
          {scan.skipped.length > 0 && <SkippedPanel codebase={codebase.id} scan={scan} />}
        </div>
      </div>
    </>
  )
}
