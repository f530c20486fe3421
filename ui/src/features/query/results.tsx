// Owns what a run gave: a grid for each statement with rows, a line for the others, the error at its end.
import { useState } from 'react'
import type { QueryAnswer, QueryProblem, QueryResult, ResultFormat } from '@/api/types'
import { DocumentResults } from '@/components/document-results'
import { Segmented } from '@/components/field'
import { Menu, MenuItem } from '@/components/ui/menu'
import { formatRows, type RowFormat } from '@/lib/cells'
import { copyText } from '@/lib/download'
import { count, duration, plural } from '@/lib/format'
import { Grid, type Place } from '@/components/grid/grid'

const FORMS: readonly { form: RowFormat; label: string }[] = [
  { form: 'tsv', label: 'TSV' },
  { form: 'csv', label: 'CSV' },
  { form: 'json', label: 'JSON' },
  { form: 'sql', label: 'SQL' },
]

const EXPORTS: readonly { format: ResultFormat; label: string }[] = [
  { format: 'csv', label: 'CSV (all rows)' },
  { format: 'ndjson', label: 'NDJSON (all rows)' },
  { format: 'json', label: 'JSON (all rows)' },
  { format: 'arrow', label: 'Arrow (all rows)' },
  { format: 'parquet', label: 'Parquet (all rows)' },
]

function copyRange(result: QueryResult, from: Place, to: Place): void {
  const [top, bottom] = [Math.min(from.row, to.row), Math.max(from.row, to.row)]
  const [left, right] = [Math.min(from.column, to.column), Math.max(from.column, to.column)]
  const rows = result.rows.slice(top, bottom + 1).map((row) => row.slice(left, right + 1))
  if (rows.length === 1 && rows[0]?.length === 1) void copyText(String(rows[0][0] ?? ''), 'Cell')
  else void copyText(formatRows('tsv', (result.columns ?? []).slice(left, right + 1), rows), `${count(rows.length)} rows`)
}

const summary = (result: QueryResult) =>
  result.columns === null
    ? `${result.command}${result.affected === null ? '' : `, ${count(result.affected)} rows`}`
    : `${plural(result.rows.length, 'row')}${result.truncated ? ', limit reached' : ''}`

/** What became of a transaction that the run left open; null if there is none. */
const transactionOf = (answer: QueryAnswer) => (answer.rolled_back ? 'The transaction was rolled back.' : answer.in_transaction ? 'A transaction is open in this tab.' : null)

/** Documents are read as trees; a grid of one wide column shows little of them. */
const isDocuments = (result: QueryResult) => result.columns?.length === 1 && result.columns[0]?.type === 'document'

function QueryError({ error }: { error: QueryProblem }) {
  return (
    <div role="alert" className="note m-3">
      <div className="grow">
        <p className="t-del">{error.message}</p>
        {error.detail && <p className="dim whitespace-pre-wrap">{error.detail}</p>}
        {error.hint && <p className="dim">{error.hint}</p>}
      </div>
      {error.sqlstate && <code className="dim">{error.sqlstate}</code>}
    </div>
  )
}

function ResultRows({ result }: { result: QueryResult }) {
  if (isDocuments(result) && result.rows.length > 0) return <DocumentResults rows={result.rows} />
  return (
    <Grid
      label="Result"
      columns={result.columns ?? []}
      count={result.rows.length}
      row={(at) => result.rows[at] ?? null}
      onCopy={(from, to) => copyRange(result, from, to)}
      empty={<p className="dim p-4">No rows.</p>}
    />
  )
}

function ResultActions({ result, onExport }: { result: QueryResult; onExport: (format: ResultFormat) => void }) {
  const copy = (form: RowFormat, label: string) => void copyText(formatRows(form, result.columns ?? [], result.rows, result.columns?.[0]?.table ?? 'result'), label)
  return (
    <>
      <Menu
        align="end"
        trigger={
          <button type="button" className="link">
            Copy as
          </button>
        }
      >
        {FORMS.map(({ form, label }) => (
          <MenuItem key={form} onSelect={() => copy(form, label)}>
            {label}
          </MenuItem>
        ))}
      </Menu>
      <Menu
        align="end"
        trigger={
          <button type="button" className="link">
            Export
          </button>
        }
      >
        {EXPORTS.map(({ format, label }) => (
          <MenuItem key={format} onSelect={() => onExport(format)}>
            {label}
          </MenuItem>
        ))}
      </Menu>
    </>
  )
}

export function Results({ answer, onExport }: { answer: QueryAnswer; onExport: (result: QueryResult, format: ResultFormat) => void }) {
  const withRows = answer.results.filter((result) => result.columns !== null)
  const [wanted, setWanted] = useState<number | null>(null)
  const current = withRows.find((result) => result.statement === wanted) ?? withRows.at(-1) ?? null
  const transaction = transactionOf(answer)
  const notices = answer.results.flatMap((result) => result.notices)
  const options = withRows.map((result) => ({ value: result.statement, label: `${result.statement + 1}: ${plural(result.rows.length, 'row')}` }))
  return (
    <>
      {withRows.length > 1 && current && <Segmented className="m-2" label="Results" value={current.statement} options={options} onChange={setWanted} />}
      {answer.error && <QueryError error={answer.error} />}
      {transaction && <p className="dim small px-4 py-1">{transaction}</p>}
      {notices.map((notice, at) => (
        <p key={at} className="dim small px-4 py-1">
          {notice}
        </p>
      ))}
      {current && <ResultRows key={`${answer.run_id}-${current.statement}`} result={current} />}
      {!current && !answer.error && <p className="p-4">{answer.results.map(summary).join(' · ')}</p>}
      <footer className="statusbar">
        <span className={answer.error ? 't-del' : 't-add'}>{answer.error ? 'Failed' : 'Done'}</span>
        {current && <span>{summary(current)}</span>}
        <span>{duration(answer.milliseconds)}</span>
        <span className="grow" />
        {current && <ResultActions result={current} onExport={(format) => onExport(current, format)} />}
      </footer>
    </>
  )
}
