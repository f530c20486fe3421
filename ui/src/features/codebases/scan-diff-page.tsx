// Owns the comparison of two scans: which tables, columns and usages appeared or disappeared from one codebase to another.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { Codebase, ScanDiff } from '@/api/types'
import { SelectField } from '@/components/field'
import { KindLetter } from '@/components/marks'
import { NeedsScan } from '@/components/needs-scan'
import { PageFrame, Panel } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { scanDiffQuery } from './api'

const route = getRouteApi('/shell/p/$project/scan-diff')

type Changes = ScanDiff['appeared']

function Names({ title, names }: { title: string; names: readonly string[] }) {
  if (names.length === 0) return null
  return (
    <p className="diff-names">
      <span className="small dim">{title}</span>
      {names.map((name) => (
        <code key={name}>{name}</code>
      ))}
    </p>
  )
}

/** Only the lines of the later scan can be opened: the page is about that codebase. */
function ChangesPanel({ title, changes, linked }: { title: string; changes: Changes; linked: boolean }) {
  const isEmpty = changes.total === 0 && changes.tables.length === 0 && changes.columns.length === 0
  if (isEmpty) return null
  const left = changes.total - changes.usages.length
  return (
    <Panel title={title} aside={plural(changes.total, 'usage')}>
      <Names title="Tables" names={changes.tables} />
      <Names title="Columns" names={changes.columns} />
      <ul className="diff-usages" aria-label={`${title}: usages`}>
        {changes.usages.map((usage, index) => (
          <li key={index}>
            <KindLetter kind={usage.usage_type} />
            <code className="cut">
              {usage.table_name}.{usage.column_name}
            </code>
            {linked ? (
              <Link from="/p/$project" to="/p/$project/files/$" params={(now) => ({ ...now, _splat: usage.file_path })} search={{ line: usage.line_number }} className="link mono cut">
                {usage.file_path}:{usage.line_number}
              </Link>
            ) : (
              <code className="cut dim">
                {usage.file_path}:{usage.line_number}
              </code>
            )}
            <code className="cut dim">{usage.code_snippet}</code>
          </li>
        ))}
      </ul>
      {left > 0 && <p className="small dim p-3">{plural(left, 'usage')} more are not shown here. The command line has all.</p>}
    </Panel>
  )
}

function Answer({ diff }: { diff: ScanDiff }) {
  const { appeared, disappeared } = diff
  const isEmpty = [appeared, disappeared].every((side) => side.total === 0 && side.tables.length === 0 && side.columns.length === 0)
  if (isEmpty) return <EmptyState text="Nothing has changed: lines and files that moved do not count." />
  return (
    <>
      <ChangesPanel title="Appeared" changes={appeared} linked />
      <ChangesPanel title="Disappeared" changes={disappeared} linked={false} />
    </>
  )
}

function Compared({ codebase, before }: { codebase: Codebase; before: string }) {
  const diff = useQuery(scanDiffQuery(codebase.id, before))
  return (
    <Loaded query={diff} rows={8}>
      {(data) => <Answer diff={data} />}
    </Loaded>
  )
}

function Comparison({ codebase }: { codebase: Codebase }) {
  const { before } = route.useSearch()
  const navigate = route.useNavigate()
  const { codebases } = useProjectScope()
  const others = codebases.filter((one) => one.id !== codebase.id && one.scan !== null)
  const chosen = others.find((one) => one.id === before)
  const options = [{ value: '', label: 'Choose a codebase' }, ...others.map((one) => ({ value: one.id, label: one.name }))]
  return (
    <PageFrame title="Compare scans" subtitle={<span className="dim cut">{chosen ? `${chosen.name} → ${codebase.name}` : codebase.name}</span>}>
      {others.length === 0 ? (
        <EmptyState text="Upload an earlier version of this application to the project, to see what changed since." />
      ) : (
        <>
          <div className="row flex-wrap">
            <SelectField label="Earlier codebase" value={chosen?.id ?? ''} options={options} onChange={(value) => void navigate({ search: (now) => ({ ...now, before: value || undefined }), replace: true })} />
          </div>
          {chosen && <Compared codebase={codebase} before={chosen.id} />}
        </>
      )}
    </PageFrame>
  )
}

export function ScanDiffPage() {
  return <NeedsScan title="Compare scans">{(codebase) => <Comparison key={codebase.id} codebase={codebase} />}</NeedsScan>
}
