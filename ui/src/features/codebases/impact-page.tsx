// Owns the impact page: which change is asked, what it breaks in code and schema, what was not seen, and the exports.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useLocation } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useMemo } from 'react'
import type { ChangeRequest, Codebase, ColumnSummary, Impact } from '@/api/types'
import { Segmented } from '@/components/field'
import { NeedsScan } from '@/components/needs-scan'
import { PageFrame, Panel } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { Menu, MenuItem } from '@/components/ui/menu'
import { saveBlob, withErrorToast } from '@/lib/download'
import { count, plural } from '@/lib/format'
import { changeRequest, CERTAINTIES, sqlPlace, type ImpactSearch } from '@/lib/impact'
import { columnSummariesQuery, downloadImpact, impactQuery, type ImpactFormat } from './api'
import { ImpactForm } from './impact-form'
import { CERTAINTY, ImpactLines } from './impact-lines'

const route = getRouteApi('/shell/p/$project/impact')
const FORMATS: readonly { format: ImpactFormat; label: string; suffix: string }[] = [
  { format: 'sarif', label: 'SARIF, for code scanning', suffix: 'sarif' },
  { format: 'markdown', label: 'Markdown, for a pull request', suffix: 'md' },
  { format: 'json', label: 'JSON', suffix: 'json' },
]

function ExportMenu({ codebase, request }: { codebase: Codebase; request: ChangeRequest }) {
  return (
    <Menu
      align="end"
      trigger={
        <button type="button" className="btn">
          <Download className="i" aria-hidden="true" />
          Export
        </button>
      }
    >
      {FORMATS.map(({ format, label, suffix }) => (
        <MenuItem key={format} onSelect={() => void withErrorToast(async () => saveBlob(await downloadImpact(codebase.id, request, format), `${codebase.name}-impact.${suffix}`))}>
          {label}
        </MenuItem>
      ))}
    </Menu>
  )
}

function CodePanel({ impact, codebase }: { impact: Impact; codebase: Codebase }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const total = impact.breaks.length + impact.left_out
  const shown = search.only ? impact.breaks.filter((item) => item.certainty === search.only) : impact.breaks
  const filters = [
    { value: 'all', label: <>All <span className="faint">{count(total)}</span></> },
    ...CERTAINTIES.map((value) => ({ value, label: <>{CERTAINTY[value].label} <span className="faint">{count(impact.counts[value])}</span></> })),
  ] as const
  const orders = [
    { value: 'risk', label: 'By risk' },
    { value: 'folder', label: 'By folder' },
  ] as const
  if (total === 0) return <EmptyState text="No line of the code is seen to break." />
  return (
    <Panel title="Code" aside={plural(total, 'line')}>
      <div className="impact-bar">
        <Segmented label="Certainty" value={search.only ?? 'all'} options={filters} onChange={(only) => void navigate({ search: (now) => ({ ...now, only: only === 'all' ? undefined : only }), replace: true })} />
        <Segmented label="Order" value={search.by ?? 'risk'} options={orders} onChange={(by) => void navigate({ search: (now) => ({ ...now, by: by === 'risk' ? undefined : by }), replace: true })} />
      </div>
      {shown.length === 0 ? <EmptyState text="No line has this certainty." /> : <ImpactLines breaks={shown} codebase={codebase} grouped={search.by === 'folder'} />}
      {impact.left_out > 0 && <p className="small dim p-3">{plural(impact.left_out, 'line')} of less risk are not shown here. An export has all.</p>}
    </Panel>
  )
}

function SchemaPanel({ impact }: { impact: Impact }) {
  if (impact.schema.length === 0) return null
  return (
    <Panel title="Schema" aside={plural(impact.schema.length, 'object')}>
      <ul className="skips">
        {impact.schema.map((item) => (
          <li key={`${item.kind} ${item.name}`}>
            <span className="chip">{item.kind}</span>
            <code className="cut">{item.name}</code>
            <span className="small dim">{item.reason}</span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function UnseenPanel({ impact }: { impact: Impact }) {
  if (impact.unseen.length === 0) return null
  return (
    <Panel title="Not seen" aside="The scan cannot tell what is here.">
      <ul className="skips">
        {impact.unseen.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </Panel>
  )
}

function Result({ impact, codebase }: { impact: Impact; codebase: Codebase }) {
  return (
    <>
      <h2 className="sr">Impact</h2>
      <ul className="impact-change" aria-label="The change">
        {impact.change.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <CodePanel impact={impact} codebase={codebase} />
      <SchemaPanel impact={impact} />
      <UnseenPanel impact={impact} />
    </>
  )
}

function Asked({ codebase, columns }: { codebase: Codebase; columns: ColumnSummary[] }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const tables = useMemo(() => new Set(columns.map((column) => column.table_name)), [columns])
  const longSql = useLocation({ select: (location) => location.state.impactSql })
  const wanted = longSql ? { ...search, sql: longSql } : search
  const request = changeRequest(wanted, tables)
  const impact = useQuery({ ...impactQuery(codebase.id, request ?? {}), enabled: request !== null })
  const ask = (asked: ImpactSearch) => {
    const place = asked.sql ? sqlPlace(asked.sql) : { search: asked }
    void navigate({ ...place, search: { ...place.search, by: search.by } })
  }
  return (
    <PageFrame title="Impact" subtitle={<span className="dim hide-p">What breaks when the schema changes. Nothing is changed here.</span>} actions={request && <ExportMenu codebase={codebase} request={request} />}>
      <ImpactForm
        key={JSON.stringify([wanted.of, wanted.action, wanted.to, wanted.sql])}
        columns={columns}
        tables={tables}
        search={wanted}
        busy={impact.isFetching}
        onAsk={ask}
      />
      {request && (
        <Loaded query={impact} rows={10}>
          {(data) => <Result impact={data} codebase={codebase} />}
        </Loaded>
      )}
      {!request && <EmptyState text="Choose a column or table, or write the SQL of a migration, to see which lines of code break." />}
    </PageFrame>
  )
}

function Impacts({ codebase }: { codebase: Codebase }) {
  const columns = useQuery(columnSummariesQuery(codebase.id))
  return (
    <Loaded query={columns} rows={8}>
      {(data) => <Asked codebase={codebase} columns={data} />}
    </Loaded>
  )
}

export function ImpactPage() {
  return <NeedsScan title="Impact">{(codebase) => <Impacts key={codebase.id} codebase={codebase} />}</NeedsScan>
}
