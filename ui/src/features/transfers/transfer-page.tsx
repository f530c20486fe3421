// Owns one transfer: its live progress, what came of it, and the comparison of both sides of a copy.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Check, X } from 'lucide-react'
import type { Compared, Job, Transfer } from '@/api/types'
import { Bar, StateChip } from '@/components/marks'
import { PageFrame, Panel, TableScroll } from '@/components/page'
import { Loaded } from '@/components/states'
import { withErrorToast } from '@/lib/download'
import { count, plural } from '@/lib/format'
import { useJobEvents } from '@/lib/job-events'
import { isUnfinished, progressPart, progressText } from '@/lib/jobs'
import { cancelJob, retryJob, transferQuery } from './api'
import { Outcome } from './outcome'

const route = getRouteApi('/shell/p/$project/d/$database/transfers/$transfer')

function Progress({ job, log }: { job: Job; log: { id: number; message: string }[] }) {
  const { done, total, unit, phase } = job.progress
  return (
    <Panel title="Progress" aside={<StateChip state={job.state} />}>
      <div className="flex flex-col gap-2 p-4" aria-live="polite">
        <Bar part={progressPart(job)} label={`Progress of ${job.title}`} />
        <p>
          {progressText(job)}
          {job.state === 'running' && phase && <span className="dim"> · {phase}</span>}
          {job.state === 'running' && total ? <span className="dim num"> · {`${count(done ?? 0)} of ${count(total)} ${unit ?? ''}`}</span> : null}
        </p>
        {log.length > 0 && (
          <ul className="small dim">
            {log.slice(-6).map((line) => (
              <li key={line.id}>{line.message}</li>
            ))}
          </ul>
        )}
        <div className="row">
          {isUnfinished(job) && (
            <button type="button" className="btn" disabled={job.cancel_requested} onClick={() => void withErrorToast(() => cancelJob(job.id))}>
              {job.cancel_requested ? 'Stopping' : 'Cancel'}
            </button>
          )}
          {(job.state === 'failed' || job.state === 'cancelled') && (
            <button type="button" className="btn" onClick={() => void withErrorToast(() => retryJob(job.id))}>
              Retry
            </button>
          )}
        </div>
      </div>
    </Panel>
  )
}

/** Objects that the target did not accept, each with the server's reason. */
function Refused({ sentences }: { sentences: string[] }) {
  return (
    <Panel title={`The rows are copied, but ${plural(sentences.length, 'object')} not`}>
      <ul className="t-del small p-4" role="alert" aria-label="Not copied">
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </Panel>
  )
}

function Comparison({ tables }: { tables: Compared[] }) {
  const same = tables.every((one) => one.same)
  return (
    <Panel title="Comparison" aside={<span className={same ? 't-add' : 't-del'}>{same ? 'The same rows on both sides' : 'Not the same'}</span>}>
      <TableScroll label="Comparison">
        <table className="table">
          <thead>
            <tr>
              {['Table', 'Rows in source', 'Rows in target', 'Checksum', 'Same'].map((name) => (
                <th key={name} scope="col" className={name.startsWith('Rows') ? 'num' : name === 'Checksum' ? 'hide-p' : ''}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {tables.map((one) => (
              <tr key={one.table}>
                <td className="mono">{one.target}</td>
                <td className="num">{count(one.source_rows)}</td>
                <td className="num">{count(one.target_rows)}</td>
                <td className="mono dim hide-p" title={one.target_checksum}>
                  {one.target_checksum.slice(0, 12)}
                </td>
                <td>{one.same ? <Check className="i t-add" aria-label="the same" /> : <X className="i t-del" aria-label="different" />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Panel>
  )
}

function TransferDetail({ transfer }: { transfer: Transfer }) {
  const live = useJobEvents(transfer.job && isUnfinished(transfer.job) ? transfer.job.id : null)
  const job = live.job ?? transfer.job
  return (
    <>
      {job && <Progress job={job} log={live.log} />}
      {(transfer.refused ?? []).length > 0 && <Refused sentences={transfer.refused ?? []} />}
      {(transfer.tables ?? []).length > 0 && <Comparison tables={transfer.tables ?? []} />}
      <Outcome transfer={transfer} />
    </>
  )
}

const TITLES: Record<Transfer['kind'], string> = { copy: 'Copy', import: 'Import', export: 'Export' }

export function TransferPage() {
  const { transfer: id } = route.useParams()
  const transfer = useQuery(transferQuery(id))
  const name = transfer.data ? (transfer.data.job?.title ?? transfer.data.filename ?? TITLES[transfer.data.kind]) : 'Transfer'
  return (
    <PageFrame title={name}>
      <Loaded query={transfer}>{(data) => <TransferDetail transfer={data} />}</Loaded>
    </PageFrame>
  )
}
