// Owns the page of personal data: the columns that hold it by class, and the code that touches each.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useState } from 'react'
import type { Codebase, PersonalColumn, PersonalData, ReportFormat } from '@/api/types'
import { Segmented, SelectField } from '@/components/field'
import { NeedsScan } from '@/components/needs-scan'
import { PageFrame, Panel } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { Menu, MenuItem } from '@/components/ui/menu'
import { saveBlob, withErrorToast } from '@/lib/download'
import { plural } from '@/lib/format'
import { byClass, touchedIn, type PersonalGroup } from '@/lib/personal-data'
import { downloadPersonalData, personalDataQuery } from './api'

const route = getRouteApi('/shell/p/$project/personal-data')
const FIRST_FILES = 3
const FORMATS: readonly { format: ReportFormat; label: string }[] = [
  { format: 'csv', label: 'CSV' },
  { format: 'json', label: 'JSON' },
  { format: 'html', label: 'HTML report' },
]

function ExportMenu({ codebase }: { codebase: Codebase }) {
  const save = (format: ReportFormat) => withErrorToast(async () => saveBlob(await downloadPersonalData(codebase.id, format), `${codebase.name}-personal-data.${format}`))
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
      {FORMATS.map(({ format, label }) => (
        <MenuItem key={format} onSelect={() => void save(format)}>
          {label}
        </MenuItem>
      ))}
    </Menu>
  )
}

function Files({ column }: { column: PersonalColumn }) {
  const [all, setAll] = useState(false)
  const files = touchedIn(column)
  if (files.length === 0) return <p className="small dim">No code names it.{column.whole_rows > 0 ? ` ${plural(column.whole_rows, 'place uses', 'places use')} the whole row.` : ''}</p>
  return (
    <ul className="touched" aria-label={`Code that touches ${column.table_name}.${column.column_name}`}>
      {files.slice(0, all ? undefined : FIRST_FILES).map(({ file, how }) => (
        <li key={file}>
          <Link from="/p/$project" to="/p/$project/lineage" params={(now) => now} search={{ table: column.table_name, column: column.column_name, file, view: 'list' }} className="link mono">
            {file}
          </Link>{' '}
          <span className="small dim">{how}</span>
        </li>
      ))}
      {!all && files.length > FIRST_FILES && (
        <li>
          <button type="button" className="link" onClick={() => setAll(true)}>
            {plural(files.length - FIRST_FILES, 'more file')}
          </button>
        </li>
      )}
    </ul>
  )
}

function ClassPanel({ group }: { group: PersonalGroup }) {
  return (
    <Panel title={group.title} aside={plural(group.columns.length, 'column')}>
      <p className="class-source small dim">
        {group.source}
        {group.special && <span className="chip warn">special category</span>}
      </p>
      <ul className="personal">
        {group.columns.map((column) => (
          <li key={column.column_id}>
            <div>
              <Link from="/p/$project" to="/p/$project/lineage" params={(now) => now} search={{ table: column.table_name, column: column.column_name }} className="link mono">
                {column.table_name}.{column.column_name}
              </Link>{' '}
              <span className="small dim">{column.type}</span>
              <p className="small dim">
                {column.reason} ({column.certainty})
              </p>
            </div>
            <p className="small">
              {plural(column.reads, 'read')}, {plural(column.writes, 'write')}
            </p>
            <Files column={column} />
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Answer({ data }: { data: PersonalData }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const groups = byClass(data, search)
  const classes = [{ value: '', label: 'All classes' }, ...data.classes.filter((item) => item.columns > 0).map((item) => ({ value: item.name, label: `${item.title} (${item.columns})` }))]
  const certainties = [
    { value: 'all', label: 'All' },
    { value: 'certain', label: 'Certain' },
  ] as const
  if (data.columns.length === 0) return <EmptyState text="No column of this codebase looks like personal data." />
  return (
    <>
      <div className="row flex-wrap">
        <SelectField label="Class" hideLabel value={search.class ?? ''} options={classes} onChange={(value) => void navigate({ search: (now) => ({ ...now, class: value || undefined }), replace: true })} />
        <Segmented label="Certainty" value={search.sure ?? 'all'} options={certainties} onChange={(value) => void navigate({ search: (now) => ({ ...now, sure: value === 'all' ? undefined : value }), replace: true })} />
      </div>
      {groups.length === 0 && <EmptyState text="No column matches these filters." />}
      {groups.map((group) => (
        <ClassPanel key={group.name} group={group} />
      ))}
      <p className="small dim">Names, types and tables say so; what a column really holds only its rows can say. Free text is not listed.</p>
    </>
  )
}

function Personal({ codebase }: { codebase: Codebase }) {
  const data = useQuery(personalDataQuery(codebase.id))
  return (
    <PageFrame title="Personal data" actions={<ExportMenu codebase={codebase} />}>
      <Loaded query={data} rows={8}>
        {(answer) => <Answer data={answer} />}
      </Loaded>
    </PageFrame>
  )
}

export function PersonalDataPage() {
  return <NeedsScan title="Personal data">{(codebase) => <Personal key={codebase.id} codebase={codebase} />}</NeedsScan>
}
