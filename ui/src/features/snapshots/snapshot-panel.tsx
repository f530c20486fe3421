// Owns one snapshot in the side panel: its contents, its verification, and its actions.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Job, SnapshotDetail } from '@/api/types'
import { StateChip } from '@/components/marks'
import { TableHead, TableScroll } from '@/components/page'
import { ErrorNote, Loaded } from '@/components/states'
import { withErrorToast } from '@/lib/download'
import { ago, bytes, count, moment as dayAndTime, plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { restoresQuery, snapshotQuery, useChangeSnapshot } from './api'
import { Drawer } from '@/components/drawer'
import { Facts } from './facts'
import { title } from './timeline-data'
import { JobProgress, useLiveJob } from '@/features/jobs/live-job'
import { tableName } from '@/lib/table-name'
import { SnapshotActions } from './snapshot-actions'

function Tables({ snapshot }: { snapshot: SnapshotDetail }) {
  return (
    <section className="flush">
      <h3>{plural(snapshot.contents.length, 'table')}</h3>
      <TableScroll label="Tables of the snapshot">
        <table className="table">
          <TableHead columns={[{ name: 'Table' }, { name: 'Rows', className: 'num' }, { name: 'Stored', className: 'num' }, { name: 'New', className: 'num' }]} />
          <tbody>
            {snapshot.contents.map((table) => (
              <tr key={tableName(table)}>
                <td className="mono cut w-full max-w-0" title={`${tableName(table)}: ${plural(table.columns.length, 'column')}${table.key.length ? `, key ${table.key.join(', ')}` : ', no key'}`}>
                  <Link from="/p/$project/d/$database/backups" to="/p/$project/d/$database/snapshots/$snapshot" params={{ snapshot: snapshot.id }} search={{ table: tableName(table) }} className="link">
                    {tableName(table)}
                  </Link>
                </td>
                <td className="num">{count(table.rows)}</td>
                <td className="num">{bytes(table.stored_bytes)}</td>
                <td className={`num ${table.new_bytes === 0 ? 'faint' : ''}`}>{table.new_bytes === 0 ? '–' : `+${bytes(table.new_bytes)}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </section>
  )
}

function Restores({ snapshot }: { snapshot: string }) {
  const restores = useQuery(restoresQuery(snapshot)).data ?? []
  if (restores.length === 0) return null
  return (
    <section>
      <h3>Restores</h3>
      <ul className="stack gap-1">
        {restores.map((one) => (
          <li key={one.id} className="row">
            <Link from="/p/$project/d/$database/backups" to="." search={(now) => ({ ...now, run: one.id, restore: undefined })} className="link cut">
              {one.target_name}
            </Link>
            <span className="dim small end">{ago(one.created_at)}</span>
            {one.job && <StateChip state={one.job.state} />}
          </li>
        ))}
      </ul>
    </section>
  )
}

function KeepForever({ snapshot, canChange }: { snapshot: SnapshotDetail; canChange: boolean }) {
  const change = useChangeSnapshot()
  return (
    <section>
      <label className="row">
        <input
          type="checkbox"
          checked={change.isPending ? (change.variables.held ?? snapshot.held) : snapshot.held}
          disabled={!canChange || change.isPending}
          onChange={(event) => void withErrorToast(() => change.mutateAsync({ id: snapshot.id, held: event.target.checked }))}
        />
        Keep forever (exempt from deletion)
      </label>
    </section>
  )
}

function SnapshotContent({ snapshot, onDeleted }: { snapshot: SnapshotDetail; onDeleted: () => void }) {
  const { project } = useProjectScope()
  const [checking, setChecking] = useState<Job | null>(null)
  const taking = useLiveJob(snapshot.status === 'taking' ? snapshot.job : null)
  const verifying = useLiveJob(checking)
  const canWrite = project.role !== 'viewer'
  const isAdmin = project.role === 'owner' || project.role === 'admin'
  const complete = snapshot.status === 'complete'
  return (
    <>
      {taking.job && <JobProgress title="Taking snapshot" job={taking.job} log={taking.log} canCancel={canWrite} />}
      {snapshot.status === 'failed' && (
        <section>
          <p className="t-del">The snapshot failed and was discarded. {snapshot.error}</p>
        </section>
      )}
      <Facts snapshot={snapshot} />
      {verifying.job && <JobProgress title="Verification" job={verifying.job} log={verifying.log} canCancel={canWrite} />}
      {complete && <Tables snapshot={snapshot} />}
      {complete && <Restores snapshot={snapshot.id} />}
      {complete && <KeepForever snapshot={snapshot} canChange={isAdmin} />}
      {complete && !canWrite && (
        <footer>
          <Link from="/p/$project/d/$database/backups" to="/p/$project/d/$database/snapshots/$snapshot" params={{ snapshot: snapshot.id }} search={{}} className="btn primary grow">
            Browse
          </Link>
        </footer>
      )}
      {canWrite && <SnapshotActions snapshot={snapshot} isAdmin={isAdmin} onVerifying={setChecking} onDeleted={onDeleted} />}
    </>
  )
}

export function SnapshotPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const snapshot = useQuery(snapshotQuery(id))
  const name = snapshot.data ? `${title(snapshot.data)}, ${dayAndTime(snapshot.data.taken_at ?? snapshot.data.created_at)}` : 'Snapshot'
  return (
    <Drawer title={name} onClose={onClose}>
      {snapshot.error && !snapshot.data ? (
        <section>
          <ErrorNote error={snapshot.error} retry={() => void snapshot.refetch()} />
        </section>
      ) : (
        <Loaded query={snapshot} rows={10}>
          {(data) => <SnapshotContent key={data.id} snapshot={data} onDeleted={onClose} />}
        </Loaded>
      )}
    </Drawer>
  )
}
