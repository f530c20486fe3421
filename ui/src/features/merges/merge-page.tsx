// Owns the merges into a database: the earlier ones and a new one, or one of them.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import type { Merge } from '@/api/types'
import { PageFrame, Panel, TableHead, TableScroll } from '@/components/page'
import { Loaded } from '@/components/states'
import { databasesQuery } from '@/features/databases/api'
import { snapshotsQuery } from '@/features/snapshots/api'
import { useDatabase } from '@/lib/database-scope'
import { moment } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { mergesQuery } from './api'
import { MergeDetail } from './merge-detail'
import { MergeForm } from './merge-form'
import { stateText } from './merge-text'

const route = getRouteApi('/shell/p/$project/d/$database/merge')

function MergeTable({ merges }: { merges: readonly Merge[] }) {
  return (
    <Panel title="Earlier merges">
      <TableScroll label="Earlier merges">
        <table className="table">
          <TableHead columns={[{ name: 'Merged' }, { name: 'State' }, { name: 'Created' }]} />
          <tbody>
            {merges.map((merge) => (
              <tr key={merge.id}>
                <td>
                  <Link from="/p/$project/d/$database/merge" to="." search={{ merge: merge.id }} className="link">
                    {merge.source_name}
                  </Link>
                </td>
                <td>{stateText(merge)}</td>
                <td className="dim">{moment(merge.created_at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Panel>
  )
}

function NewMerge() {
  const target = useDatabase()
  const { project } = useProjectScope()
  const { base, source } = route.useSearch()
  const navigate = route.useNavigate()
  const snapshots = useInfiniteQuery(snapshotsQuery(target.id))
  const databases = useQuery(databasesQuery(project.id))
  return (
    <Loaded query={snapshots} rows={4}>
      {(pages) => (
        <Loaded query={databases} rows={4}>
          {(every) => (
            <MergeForm
              target={target}
              snapshots={pages.pages.flatMap((page) => page.items).filter((one) => one.status === 'complete')}
              databases={every}
              base={base}
              source={source}
              onCreated={(merge) => void navigate({ search: { merge: merge.id } })}
            />
          )}
        </Loaded>
      )}
    </Loaded>
  )
}

export function MergePage() {
  const { database } = route.useParams()
  const { merge } = route.useSearch()
  const navigate = route.useNavigate()
  const { project } = useProjectScope()
  const isAdmin = project.role === 'admin' || project.role === 'owner'
  const list = useQuery(mergesQuery(database))
  const back = merge && (
    <Link from="/p/$project/d/$database/merge" to="." search={{}} className="btn">
      All merges
    </Link>
  )
  return (
    <PageFrame title="Merge" actions={back}>
      {merge ? (
        <MergeDetail key={merge} id={merge} isAdmin={isAdmin} onDeleted={() => void navigate({ search: {} })} />
      ) : (
        <>
          {isAdmin && <NewMerge />}
          {list.data && list.data.length > 0 && <MergeTable merges={list.data} />}
        </>
      )}
    </PageFrame>
  )
}
