// Owns the question before unsaved changes of a table are lost: by another page of Headwater, or by closing the window.
import { useBlocker } from '@tanstack/react-router'
import { ConfirmDialog } from '@/components/ui/dialog'
import { plural } from '@/lib/format'

export function LeaveGuard({ changes, table }: { changes: number; table: string }) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => changes > 0 && current.pathname !== next.pathname,
    enableBeforeUnload: () => changes > 0,
    withResolver: true,
  })
  const isAsking = blocker.status === 'blocked'
  return (
    <ConfirmDialog
      title={`Discard ${plural(changes, 'unsaved change')}?`}
      text={`The changes to ${table} are not in the database yet.`}
      action="Discard changes"
      open={isAsking}
      onOpenChange={(open) => !open && isAsking && blocker.reset()}
      onConfirm={() => {
        if (isAsking) blocker.proceed()
        return Promise.resolve()
      }}
    />
  )
}
