// Owns the page of the audit log: who did what to which thing, when and from where; filtered, exported and checked.
import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo } from 'react'
import { PageFrame, Panel, TableHead, TableScroll } from '@/components/page'
import { EmptyState, ErrorNote, Loaded } from '@/components/states'
import type { AuditSearch } from '@/lib/audit'
import { saveBlob, withErrorToast } from '@/lib/download'
import { auditQuery, exportAudit, verifyAudit } from './api'
import { AuditCheck } from './audit-check'
import { AuditRow } from './audit-entry'
import { AuditFilters } from './audit-filters'

const route = getRouteApi('/shell/settings/audit')
const COLUMNS = [{ name: 'When' }, { name: 'Who' }, { name: 'Action' }, { name: 'What' }, { name: 'Details' }, { name: 'From' }]
const FORMATS = ['csv', 'ndjson'] as const

function AuditActions({ search, onCheck, isChecking }: { search: AuditSearch; onCheck: () => void; isChecking: boolean }) {
  const save = useMutation({
    mutationFn: async (format: (typeof FORMATS)[number]) => saveBlob(await exportAudit(search, format), `audit.${format}`),
  })
  return (
    <div className="audit-buttons">
      {FORMATS.map((format) => (
        <button key={format} type="button" className="btn" disabled={save.isPending} onClick={() => void withErrorToast(() => save.mutateAsync(format))}>
          Export {format.toUpperCase()}
        </button>
      ))}
      <button type="button" className="btn" disabled={isChecking} onClick={onCheck}>
        {isChecking ? 'Checking' : 'Check the chain'}
      </button>
    </div>
  )
}

function Entries({ search }: { search: AuditSearch }) {
  const audit = useInfiniteQuery(auditQuery(search))
  const entries = useMemo(() => audit.data?.pages.flatMap((page) => page.items) ?? [], [audit.data])
  const isFiltered = Object.values(search).some(Boolean)
  return (
    <>
      <Panel title="Entries">
        <Loaded query={audit}>
          {() =>
            entries.length === 0 ? (
              <EmptyState text={isFiltered ? 'No entry matches.' : 'Nothing has been recorded yet.'} />
            ) : (
              <TableScroll label="Audit entries">
                <table className="table">
                  <TableHead columns={COLUMNS} />
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
    </>
  )
}

export function AuditPage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const check = useMutation({ mutationFn: verifyAudit })
  return (
    <PageFrame title="Audit log" actions={<AuditActions search={search} onCheck={() => check.mutate()} isChecking={check.isPending} />}>
      <p className="dim">
        Sign-ins, refusals, changes of settings, and statements that change data or structure, without their values. Statements of programs that connect to a database themselves, such as
        psql, are not recorded here.
      </p>
      <AuditFilters search={search} onChange={(next) => void navigate({ search: next })} />
      {check.error && <ErrorNote error={check.error} />}
      {check.data && <AuditCheck result={check.data} />}
      <Entries search={search} />
    </PageFrame>
  )
}
