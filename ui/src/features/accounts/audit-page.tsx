// Owns the audit log: who did what to which thing, newest first, filtered by action.
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { AuditEntry } from '@/api/types'
import { SelectField } from '@/components/field'
import { PageFrame, Panel, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { moment } from '@/lib/format'
import { auditQuery } from './api'

const route = getRouteApi('/shell/settings/audit')

function AuditRow({ entry }: { entry: AuditEntry }) {
  const details = entry.details && Object.keys(entry.details).length > 0 ? JSON.stringify(entry.details) : ''
  return (
    <tr>
      <td>{moment(entry.at)}</td>
      <td>{entry.actor.email ?? entry.actor.kind}</td>
      <td className="mono">{entry.action}</td>
      <td>
        {entry.resource.name ?? entry.resource.kind} <span className="dim small">{entry.resource.name ? entry.resource.kind : ''}</span>
      </td>
      <td className="mono max-w-72 cut" title={details}>
        {details}
      </td>
      <td className="mono">{entry.ip ?? '–'}</td>
    </tr>
  )
}

export function AuditPage() {
  const { action } = route.useSearch()
  const navigate = route.useNavigate()
  const audit = useInfiniteQuery(auditQuery(action))
  const entries = useMemo(() => audit.data?.pages.flatMap((page) => page.items) ?? [], [audit.data])
  const actions = useMemo(() => [...new Set([...(action ? [action] : []), ...entries.map((entry) => entry.action)])].sort(), [action, entries])
  const options = [{ value: '', label: 'All actions' }, ...actions.map((value) => ({ value, label: value }))]
  return (
    <PageFrame
      title="Audit log"
      actions={
        <SelectField label="Action" hideLabel value={action ?? ''} options={options} onChange={(value) => void navigate({ search: { action: value || undefined } })} />
      }
    >
      <Panel title="Entries">
        <Loaded query={audit}>
          {() =>
            entries.length === 0 ? (
              <EmptyState text="Nothing has been recorded yet." />
            ) : (
              <TableScroll label="Audit entries">
                <table className="table">
                  <thead>
                    <tr>
                      <th scope="col">When</th>
                      <th scope="col">Who</th>
                      <th scope="col">Action</th>
                      <th scope="col">What</th>
                      <th scope="col">Details</th>
                      <th scope="col">IP address</th>
                    </tr>
                  </thead>
                  <tbody>
                    {entries.map((entry) => (
                      <AuditRow key={entry.id} entry={entry} />
                    ))}
                  </tbody>
                </table>
              </TableScroll>
            )
          }
        </Loaded>
      </Panel>
      {audit.hasNextPage && (
        <button type="button" className="btn self-center" disabled={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
          Show older entries
        </button>
      )}
    </PageFrame>
  )
}
