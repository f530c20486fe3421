// Owns what can be done to a job: cancel while it is unfinished, retry once it failed or was cancelled.
import type { Job } from '@/api/types'
import { withErrorToast } from '@/lib/download'
import { isUnfinished } from '@/lib/jobs'
import { useJobAction } from './api'

export function JobActions({ job }: { job: Job }) {
  const cancel = useJobAction('cancel')
  const retry = useJobAction('retry')
  if (isUnfinished(job)) {
    return (
      <button type="button" className="btn" disabled={job.cancel_requested || cancel.isPending} onClick={() => void withErrorToast(() => cancel.mutateAsync(job.id))}>
        {job.cancel_requested ? 'Stopping' : 'Cancel'}
      </button>
    )
  }
  if (job.state === 'completed') return null
  return (
    <button type="button" className="btn" disabled={retry.isPending} onClick={() => void withErrorToast(() => retry.mutateAsync(job.id))}>
      Retry
    </button>
  )
}
