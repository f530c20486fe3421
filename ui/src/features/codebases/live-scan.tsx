// Owns a scan that is running: its progress and log as they happen, and cancelling it.
import { Link } from '@tanstack/react-router'
import type { Codebase } from '@/api/types'
import { LogView } from '@/components/log-view'
import { StateChip } from '@/components/marks'
import { ScanProgress } from '@/components/scan-progress'
import { ErrorNote, SkeletonRows } from '@/components/states'
import { withErrorToast } from '@/lib/download'
import { useJobEvents } from '@/lib/job-events'
import { isUnfinished } from '@/lib/jobs'
import { ApiError } from '@/lib/problem'
import { useCancelJob, useRescan } from './api'

export function LiveScan({ codebase, jobId }: { codebase: Codebase; jobId: string }) {
  const { job, log } = useJobEvents(jobId)
  const cancel = useCancelJob()
  const rescan = useRescan()
  if (job === null) return <SkeletonRows rows={5} label="Waiting for the scan" />
  return (
    <>
      <div className="head">
        <h2 className="cut">Scan of {codebase.filename ?? codebase.name}</h2>
        <StateChip state={job.state} />
        <span className="grow" />
        {isUnfinished(job) && (
          <button type="button" className="btn" disabled={job.cancel_requested || cancel.isPending} onClick={() => void withErrorToast(() => cancel.mutateAsync(jobId))}>
            {job.cancel_requested ? 'Stopping' : 'Cancel'}
          </button>
        )}
        {(job.state === 'failed' || job.state === 'cancelled') && (
          <button type="button" className="btn" disabled={rescan.isPending} onClick={() => void withErrorToast(() => rescan.mutateAsync(codebase.id))}>
            Scan again
          </button>
        )}
      </div>
      {job.state === 'failed' && (
        <ErrorNote error={new ApiError({ status: 0, detail: job.error ?? 'The scan failed.', hint: `See the log below. Fix the ${codebase.origin === 'git' ? 'settings of the repository' : 'archive'} or scan again.` })} />
      )}
      <ScanProgress job={job} />
      <LogView
        lines={log}
        title="Log"
        aside={
          <Link from="/p/$project" to="/p/$project/jobs/$job" params={(now) => ({ ...now, job: jobId })} className="link">
            Full log
          </Link>
        }
      />
    </>
  )
}
