// Owns a restore in progress: its live progress, the result for each table, and the way to the database.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import type { Restore, RestoredTable } from '@/api/types'
import { TableHead, TableScroll } from '@/components/page'
import { Loaded } from '@/components/states'
import { count, plural, seconds } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { restoreQuery } from './api'
import { Drawer } from '@/components/drawer'
import { JobProgress, useLiveJob } from '@/features/jobs/live-job'

const asBefore = (table: RestoredTable) => table.same && table.contents !== 'different'

/** What was compared with the snapshot, and by name what differs. */
function Comparison({ restore }: { restore: Restore }) {
  const schema = restore.schema_comparison
  const title = restore.outcome === 'incomplete' ? `All rows are restored, but ${plural(restore.refused.length, 'object')} not` : restore.differs ? 'The result differs from the snapshot' : restore.outcome === 'unchecked' ? 'Nothing is known to differ, but not everything was compared' : 'No difference from the snapshot found'
  const differences = schema ? ([['different', schema.different], ['missing', schema.missing], ['extra', schema.extra]] as const).flatMap(([word, names]) => names.map((name) => `${name}: ${word}`)) : []
  return (
    <section>
      <h3 className={restore.differs ? 't-del' : 't-add'}>{title}</h3>
      {restore.refused.length > 0 && (
        <ul className="t-del small" role="alert" aria-label="Not restored">
          {restore.refused.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      <p className="small">Compared: {restore.summary}.</p>
      {differences.length > 0 && (
        <ul className="t-del small" role="alert">
          {differences.map((difference) => (
            <li key={difference}>{difference}</li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Tables({ restore }: { restore: Restore }) {
  return (
    <section className="flush">
      <h3>{plural(restore.tables.length, 'table')}</h3>
      <TableScroll label="Restored tables">
        <table className="table">
          <TableHead columns={[{ name: 'Table' }, { name: 'Written', className: 'num' }, { name: 'Counted', className: 'num' }, { name: 'Contents' }]} />
          <tbody>
            {restore.tables.map((one) => (
              <tr key={one.table}>
                <td className="mono cut w-full max-w-0" title={one.table}>
                  {one.table}
                </td>
                <td className="num">{count(one.written)}</td>
                <td className="num">{count(one.found)}</td>
                <td className={asBefore(one) ? '' : 't-del'}>{one.same ? one.contents : 'different'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </section>
  )
}

function RestoreProgress({ restore }: { restore: Restore }) {
  const { project } = useProjectScope()
  const { job, log } = useLiveJob(restore.job)
  const done = job?.state === 'completed'
  const queries = useQueryClient()
  // The snapshot to undo it by may be taken after the timeline was read, and the job be over before it is followed.
  useEffect(() => {
    if (restore.undo_id) void queries.invalidateQueries({ queryKey: ['snapshots'] })
  }, [restore.undo_id, queries])
  return (
    <>
      {job && <JobProgress title={`Restoring into ${restore.target_name}`} job={job} log={log} canCancel={project.role !== 'viewer'} />}
      {restore.undo_id && (
        <section>
          <p>
            A snapshot of {restore.target_name} was taken before the restore.{' '}
            <Link from="/p/$project/d/$database/backups" to="." search={(now) => ({ range: now.range, snapshot: restore.undo_id ?? undefined })} className="link">
              View it
            </Link>
          </p>
        </section>
      )}
      {restore.summary !== null && <Comparison restore={restore} />}
      {restore.tables.length > 0 && <Tables restore={restore} />}
      {done && restore.target_id && (
        <footer>
          <Link from="/p/$project" to="/p/$project/d/$database/data" params={{ database: restore.target_id }} className="btn primary grow">
            Open {restore.target_name}
          </Link>
          {restore.seconds !== null && <span className="dim small">{seconds(restore.seconds)}</span>}
        </footer>
      )}
    </>
  )
}

export function RestoreProgressPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const restore = useQuery(restoreQuery(id))
  return (
    <Drawer title="Restore" onClose={onClose}>
      <Loaded query={restore} rows={6}>
        {(data) => <RestoreProgress key={data.id} restore={data} />}
      </Loaded>
    </Drawer>
  )
}
