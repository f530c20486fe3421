// Owns the progress of a scan: how far, which phase, in which languages, what was found and skipped.
import { Check } from 'lucide-react'
import type { CSSProperties } from 'react'
import type { Job, PhaseProgress, ScanDetail } from '@/api/types'
import { count, plural, seconds, words } from '@/lib/format'
import { isUnfinished, phasePart, progressPart, progressText, scanDetail } from '@/lib/jobs'
import { languageName } from '@/lib/usage-kinds'
import { Bar } from './marks'
import { Panel, TableScroll } from './page'

function phaseNote(phase: PhaseProgress): string {
  if (phase.note) return phase.note
  if (phase.state === 'wait') return 'Waiting'
  if (phase.state === 'now' && phase.total) return `${Math.round(phasePart(phase) * 100)}%`
  return phase.total ? count(phase.total) : ''
}

function Phase({ phase }: { phase: PhaseProgress }) {
  const style = { '--p': `${Math.round(phasePart(phase) * 100)}%` } as CSSProperties
  return (
    <li className={phase.state} style={style} aria-current={phase.state === 'now' ? 'step' : undefined}>
      <b>
        {phase.state === 'done' && <Check className="i" aria-label="done" />}
        {words(phase.name)}
      </b>
      <span className="note-text">{phaseNote(phase)}</span>
      <span className="secs">{phase.seconds !== null && phase.state !== 'wait' ? seconds(phase.seconds) : ''}</span>
    </li>
  )
}

function Languages({ detail }: { detail: ScanDetail }) {
  const rows = [...(detail.languages ?? [])].sort((a, b) => b.files - a.files)
  if (rows.length === 0) return null
  return (
    <Panel title="Languages" aside={plural(rows.reduce((sum, row) => sum + row.files, 0), 'file')}>
      <TableScroll label="Languages">
        <table className="table langs">
          <thead>
            <tr>
              <th scope="col">Language</th>
              <th scope="col" className="num">Files</th>
              <th scope="col" className="num">Lines</th>
              <th scope="col" className="num">Usages</th>
              <th scope="col" className="num">Errors</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.language}>
                <td>{languageName(row.language)}</td>
                <td className="num">{count(row.files)}</td>
                <td className="num">{count(row.lines)}</td>
                <td className="num">{row.usages ? count(row.usages) : '–'}</td>
                <td className={`num ${row.errors ? 't-warn' : ''}`}>{row.errors || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Panel>
  )
}

function Found({ detail, title }: { detail: ScanDetail; title: string }) {
  const found = detail.found ?? { tables: 0, columns: 0, usages: 0 }
  const skipped = detail.skipped ?? []
  return (
    <div className="stack">
      <Panel title={title}>
        <dl className="strip found">
          <div>
            <dt>Tables</dt>
            <dd>{count(found.tables)}</dd>
          </div>
          <div>
            <dt>Columns</dt>
            <dd>{count(found.columns)}</dd>
          </div>
          <div>
            <dt>Usages</dt>
            <dd>{count(found.usages)}</dd>
          </div>
        </dl>
      </Panel>
      {skipped.length > 0 && (
        <Panel title="Skipped" aside={plural(skipped.reduce((sum, one) => sum + one.count, 0), 'file')}>
          <ul className="skips">
            {skipped.map((one) => (
              <li key={one.reason}>
                {words(one.reason)} <span className="small">{count(one.count)}</span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  )
}

export function ScanProgress({ job }: { job: Job }) {
  const detail = scanDetail(job)
  const part = progressPart(job)
  const phases = detail.phases ?? []
  return (
    <>
      <section className="panel progress" aria-label="Progress">
        <div className="row">
          <span className="big">{Math.round(part * 100)}%</span>
          <span className="dim cut">{progressText(job)}</span>
        </div>
        <Bar part={part} label={`Progress of ${job.title}`} />
        {phases.length > 0 && (
          <ol className="stages">
            {phases.map((phase) => (
              <Phase key={phase.name} phase={phase} />
            ))}
          </ol>
        )}
      </section>
      <div className="scan">
        <Languages detail={detail} />
        <Found detail={detail} title={isUnfinished(job) ? 'Found so far' : 'Found'} />
      </div>
    </>
  )
}
