// Owns the sessions of a database: what each runs, what it waits for, cancelling and terminating it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { ServerSession } from '@/api/types'
import { PageFrame, Panel, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { useDatabase } from '@/lib/database-scope'
import { withErrorToast } from '@/lib/download'
import { seconds } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { endSession, sessionsQuery } from './api'

function SessionRow({ session, canEnd, onEnd }: { session: ServerSession; canEnd: boolean; onEnd: (how: 'cancel' | 'terminate') => void }) {
  return (
    <tr>
      <td className="mono">{session.id}</td>
      <td>{session.user}</td>
      <td className="hide-p">{session.client}</td>
      <td>
        <span className={`chip ${session.state === 'active' ? 'add' : ''}`}>{session.state || 'idle'}</span>
        {session.blocked_by.length > 0 && <span className="chip del">waiting for {session.blocked_by.join(', ')}</span>}
      </td>
      <td className="num">{seconds(session.seconds)}</td>
      <td className="w-full max-w-0">
        <code className="cut block" title={session.query}>
          {session.query}
        </code>
      </td>
      <td>
        {canEnd && (
          <span className="row">
            <button type="button" className="btn" disabled={session.state !== 'active'} onClick={() => onEnd('cancel')}>
              Cancel
            </button>
            <button type="button" className="btn danger" onClick={() => onEnd('terminate')}>
              Terminate
            </button>
          </span>
        )}
      </td>
    </tr>
  )
}

export function SessionsPage() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const sessions = useQuery(sessionsQuery(database.id))
  const queries = useQueryClient()
  const end = (session: string, how: 'cancel' | 'terminate') =>
    void withErrorToast(async () => {
      await endSession(database.id, session, how)
      await queries.invalidateQueries({ queryKey: ['sessions-on', database.id] })
    })
  return (
    <PageFrame title="Sessions" subtitle={<p className="dim hide-p">Refreshes every 3 s</p>}>
      <Loaded query={sessions}>
        {(items) => (
          <Panel title="Sessions">
            {items.length === 0 ? (
              <EmptyState text="No other sessions." />
            ) : (
              <TableScroll label="Sessions">
                <table className="table tall">
                  <thead>
                    <tr>
                      {['Id', 'User', 'Client', 'State', 'Duration', 'Query'].map((name) => (
                        <th key={name} scope="col" className={name === 'Duration' ? 'num' : name === 'Client' ? 'hide-p' : ''}>
                          {name}
                        </th>
                      ))}
                      <th scope="col">
                        <span className="sr">Actions</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((session) => (
                      <SessionRow key={session.id} session={session} canEnd={project.role !== 'viewer'} onEnd={(how) => end(session.id, how)} />
                    ))}
                  </tbody>
                </table>
              </TableScroll>
            )}
          </Panel>
        )}
      </Loaded>
    </PageFrame>
  )
}
