// Owns what differs between the schema of a codebase and its migrations, another codebase, or a database.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Codebase, Difference, Drift } from '@/api/types'
import { SelectField } from '@/components/field'
import { Panel, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { codebasesQuery } from '@/features/codebases/api'
import { databasesQuery } from '@/features/databases/api'
import { byTable, isFile, type TableDifferences } from '@/lib/drift'
import { plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { driftQuery } from './api'

interface CompareFieldProps {
  codebase: Codebase
  against: string | undefined
  onChange: (against: string) => void
}

export function CompareField({ codebase, against, onChange }: CompareFieldProps) {
  const { project } = useProjectScope()
  const codebases = useQuery(codebasesQuery(project.id)).data ?? []
  const databases = useQuery(databasesQuery(project.id)).data ?? []
  const options = [
    { value: '', label: 'Compare with …' },
    { value: 'migrations', label: 'Its migrations' },
    ...codebases.filter((one) => one.id !== codebase.id && one.scan).map((one) => ({ value: `codebase:${one.id}`, label: `Codebase ${one.name}` })),
    ...databases.map((one) => ({ value: `database:${one.id}`, label: `Database ${one.name}` })),
  ]
  return <SelectField label="Compare with" hideLabel value={against ?? ''} options={options} onChange={onChange} />
}

function Declared({ line, linked }: { line: Difference['at_a']; linked: boolean }) {
  if (!isFile(line)) return null
  const text = `${line.file}:${line.line}`
  if (!linked) return <code className="small dim">{text}</code>
  return (
    <Link from="/p/$project" to="/p/$project/files/$" params={(now) => ({ ...now, _splat: line.file })} search={{ line: line.line }} className="link mono small">
      {text}
    </Link>
  )
}

function Side({ value, line, linked }: { value: string | null; line: Difference['at_a']; linked: boolean }) {
  if (value === null) return <td className="dim">–</td>
  return (
    <td>
      <code>{value}</code>
      <br />
      <Declared line={line} linked={linked} />
    </td>
  )
}

function TableOfDifferences({ group, drift, ownTarget }: { group: TableDifferences; drift: Drift; ownTarget: boolean }) {
  return (
    <table className="table" aria-label={group.table}>
      <thead>
        <tr>
          <th scope="col">{group.table}</th>
          <th scope="col">{drift.a}</th>
          <th scope="col">{drift.b}</th>
        </tr>
      </thead>
      <tbody>
        {group.differences.map((item, position) => (
          <tr key={`${item.part} ${item.name} ${position}`}>
            <th scope="row">{item.title}</th>
            <Side value={item.a} line={item.at_a} linked={ownTarget} />
            <Side value={item.b} line={item.at_b} linked />
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Sentences({ title, sentences }: { title: string; sentences: readonly string[] }) {
  if (sentences.length === 0) return null
  return (
    <Panel title={title}>
      <ul className="skips">
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </Panel>
  )
}

function Differences({ drift, ownTarget }: { drift: Drift; ownTarget: boolean }) {
  const total = drift.differences.length + drift.left_out
  const renames = drift.renames.map((item) => `${item.column ? `${item.table}.${item.column}` : item.table} may be ${item.new_name} now. ${item.reason}`)
  return (
    <>
      <Panel title="Differences" aside={total > 0 ? plural(total, 'difference') : undefined}>
        {total === 0 && <EmptyState text={`No differences between ${drift.a} and ${drift.b}.`} />}
        {total > 0 && (
          <TableScroll label="Differences">
            {byTable(drift.differences).map((group) => (
              <TableOfDifferences key={group.table} group={group} drift={drift} ownTarget={ownTarget} />
            ))}
          </TableScroll>
        )}
        {drift.left_out > 0 && <p className="small dim p-3">{plural(drift.left_out, 'difference')} more are not listed here. The command headwater drift lists all.</p>}
      </Panel>
      <Sentences title="Possible renames" sentences={renames} />
      <Sentences title="Not compared" sentences={drift.not_compared} />
    </>
  )
}

/** What differs from the target `against`; lines of another codebase are not linked. */
export function DriftPanels({ codebase, against }: { codebase: Codebase; against: string }) {
  const drift = useQuery(driftQuery(codebase.id, against))
  return (
    <section className="page comparison" aria-label="Comparison">
      <Loaded query={drift} rows={4}>
        {(data) => <Differences drift={data} ownTarget={against === 'migrations'} />}
      </Loaded>
    </section>
  )
}
