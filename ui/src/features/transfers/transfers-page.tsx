// Owns the list of a database's transfers, and the ways to begin one.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowRightLeft, Download, Upload } from 'lucide-react'
import type { Transfer } from '@/api/types'
import { StateChip } from '@/components/marks'
import { PageFrame, Panel, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { useDatabase } from '@/lib/database-scope'
import { ago } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { transfersQuery } from './api'

const KINDS: Record<Transfer['kind'], string> = { copy: 'Copy', import: 'Import', export: 'Export' }

function Begin() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const params = { project: project.id, database: database.id }
  return (
    <span className="row">
      <Link to="/p/$project/d/$database/transfers/import" params={params} className="btn">
        <Upload className="i hide-p" aria-hidden="true" />
        Import
      </Link>
      <Link to="/p/$project/d/$database/transfers/export" params={params} className="btn">
        <Download className="i hide-p" aria-hidden="true" />
        Export
      </Link>
      <Link to="/p/$project/d/$database/transfers/copy" params={params} className="btn primary">
        <ArrowRightLeft className="i hide-p" aria-hidden="true" />
        Copy to…
      </Link>
    </span>
  )
}

export function TransfersPage() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const transfers = useInfiniteQuery(transfersQuery(database.id))
  const items = transfers.data?.pages.flatMap((page) => page.items).filter((one) => one.job !== null)
  return (
    <PageFrame title="Transfers" actions={project.role === 'viewer' ? undefined : <Begin />}>
      <Panel title="Copies, imports and exports">
        <Loaded query={{ data: items, error: transfers.error, refetch: transfers.refetch }}>
          {(rows) =>
            rows.length === 0 ? (
              <EmptyState text="No copies, imports or exports yet." />
            ) : (
              <TableScroll label="Transfers">
                <table className="table tall">
                  <thead>
                    <tr>
                      {['What', '', 'State', 'When'].map((name) => (
                        <th key={name} scope="col" className={name ? '' : 'hide-p'}>
                          {name || <span className="sr">Kind</span>}
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody>
                    {rows.map((one) => (
                      <tr key={one.id}>
                        <td className="w-full max-w-0">
                          <Link
                            to="/p/$project/d/$database/transfers/$transfer"
                            params={{ project: project.id, database: database.id, transfer: one.id }}
                            className="cut block hover:underline"
                          >
                            {one.job?.title}
                          </Link>
                        </td>
                        <td className="dim hide-p">{KINDS[one.kind]}</td>
                        <td>{one.job && <StateChip state={one.job.state} />}</td>
                        <td className="dim whitespace-nowrap">{ago(one.created_at)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </TableScroll>
            )
          }
        </Loaded>
        {transfers.hasNextPage && (
          <p className="p-2 text-center">
            <button type="button" className="btn" onClick={() => void transfers.fetchNextPage()}>
              Show older
            </button>
          </p>
        )}
      </Panel>
    </PageFrame>
  )
}
