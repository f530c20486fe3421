// Owns one merge: its progress, what it changes, what it leaves out, and writing it to the target.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Merge } from '@/api/types'
import { Panel, TableHead, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { ConfirmDialog } from '@/components/ui/dialog'
import { JobProgress, useLiveJob } from '@/features/jobs/live-job'
import { count, plural } from '@/lib/format'
import { isWorking, mergeQuery, useApplyMerge, useDeleteMerge } from './api'
import { ConflictList } from './conflict-list'
import { stateText } from './merge-text'

function Progress({ merge, canCancel }: { merge: Merge; canCancel: boolean }) {
  const { job, log } = useLiveJob(merge.job)
  if (!job || job.state === 'completed') return null
  return (
    <div className="panel">
      <JobProgress title={job.title} job={job} log={log} canCancel={canCancel} />
    </div>
  )
}

function Tables({ merge }: { merge: Merge }) {
  return (
    <Panel title={merge.status === 'applied' ? 'What was changed' : `What changes in ${merge.target_name}`}>
      {merge.tables.length === 0 ? (
        <EmptyState text="No row changes." />
      ) : (
        <TableScroll label="Tables that change">
          <table className="table">
            <TableHead
              columns={[{ name: 'Table' }, { name: 'Added', className: 'num' }, { name: 'Removed', className: 'num' }, { name: 'Changed', className: 'num' }, { name: 'Conflicts', className: 'num' }]}
            />
            <tbody>
              {merge.tables.map((table) => (
                <tr key={table.name}>
                  <td className="mono">{table.name}</td>
                  <td className="num t-add">{count(table.added)}</td>
                  <td className="num t-del">{count(table.removed)}</td>
                  <td className="num">{count(table.changed)}</td>
                  <td className="num">{count(table.conflicts)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
      {merge.left_out.length > 0 && (
        <ul className="small p-3 stack gap-1" aria-label="Not merged">
          {merge.left_out.map((table) => (
            <li key={table.name}>
              <span className="mono">{table.name}</span> is not merged: {table.reason}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Actions({ merge, onDeleted }: { merge: Merge; onDeleted: () => void }) {
  const [asking, setAsking] = useState<'apply' | 'delete' | null>(null)
  const apply = useApplyMerge(merge.id)
  const remove = useDeleteMerge(merge.id)
  const rows = merge.tables.reduce((sum, table) => sum + table.added + table.removed + table.changed, 0)
  return (
    <>
      {merge.status === 'prepared' && (
        <button type="button" className="btn primary" disabled={isWorking(merge) || merge.unresolved > 0 || merge.tables.length === 0} onClick={() => setAsking('apply')}>
          Write to {merge.target_name}
        </button>
      )}
      <button type="button" className="btn" disabled={merge.status === 'applying' && isWorking(merge)} onClick={() => setAsking('delete')}>
        Delete merge
      </button>
      <ConfirmDialog
        title={`Merge into ${merge.target_name}?`}
        text={`${plural(rows, 'row')} change, all or none. A snapshot of ${merge.target_name} is taken first, so that you can undo this. The tables are locked while they are written.`}
        action="Merge"
        open={asking === 'apply'}
        onOpenChange={(open) => setAsking(open ? 'apply' : null)}
        onConfirm={() => apply.mutateAsync()}
      />
      <ConfirmDialog
        title="Delete this merge?"
        text="Its conflicts and choices are lost. What was written stays, and so do the snapshots."
        action="Delete merge"
        open={asking === 'delete'}
        onOpenChange={(open) => setAsking(open ? 'delete' : null)}
        onConfirm={async () => {
          await remove.mutateAsync()
          onDeleted()
        }}
      />
    </>
  )
}

function Undo({ merge }: { merge: Merge }) {
  if (merge.status !== 'applied' || merge.ours_id === null) return null
  return (
    <p>
      To undo the merge, restore the{' '}
      <Link from="/p/$project/d/$database/merge" to="/p/$project/d/$database/backups" search={{ snapshot: merge.ours_id }} className="link">
        snapshot that was taken before it
      </Link>
      .
    </p>
  )
}

export function MergeDetail({ id, isAdmin, onDeleted }: { id: string; isAdmin: boolean; onDeleted: () => void }) {
  const merge = useQuery(mergeQuery(id))
  return (
    <Loaded query={merge} rows={6}>
      {(data) => (
        <>
          <div className="row flex-wrap">
            <p className="grow" role="status">
              {data.source_name} → {data.target_name}: {stateText(data)}
            </p>
            {isAdmin && <Actions merge={data} onDeleted={onDeleted} />}
          </div>
          <Progress key={data.job?.id} merge={data} canCancel={isAdmin} />
          <Undo merge={data} />
          {data.status !== 'preparing' && <Tables merge={data} />}
          {data.conflicts > 0 && data.status !== 'preparing' && <ConflictList key={data.ours_id} merge={data} isAdmin={isAdmin} />}
        </>
      )}
    </Loaded>
  )
}
