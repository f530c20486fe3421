// Owns what a run gave: a grid for each statement with rows, a line for the others, the error at its end.
import { useState } from 'react'
import type { QueryAnswer, QueryResult, ResultFormat } from '@/api/types'
import { DocumentResults } from '@/components/document-results'
import { Menu, MenuItem } from '@/components/ui/menu'
import { written, type Form } from '@/lib/cells'
import { copyText } from '@/lib/download'
import { count, plural } from '@/lib/format'
import { Grid, type Place } from './grid'

const FORMS: readonly { form: Form; label: string }[] = [
  { form: 'tsv', label: 'TSV' },
  { form: 'csv', label: 'CSV' },
  { form: 'json', label: 'JSON' },
  { form: 'sql', label: 'SQL' },
]

const EXPORTS: readonly ResultFormat[] = ['csv', 'ndjson', 'json', 'arrow', 'parquet']

function copyRange(result: QueryResult, from: Place, to: Place): void {
  const [top, bottom] = [Math.min(from.row, to.row), Math.max(from.row, to.row)]
  const [left, right] = [Math.min(from.column, to.column), Math.max(from.column, to.column)]
  const rows = result.rows.slice(top, bottom + 1).map((row) => row.slice(left, right + 1))
  if (rows.length === 1 && rows[0]?.length === 1) void copyText(String(rows[0][0] ?? ''), 'Cell')
  else void copyText(written('tsv', (result.columns ?? []).slice(left, right + 1), rows), `${count(rows.length)} rows`)
}

const summary = (result: QueryResult) =>
  result.columns === null
    ? `${result.command}${result.affected === null ? '' : `, ${count(result.affected)} rows`}`
    : `${plural(result.rows.length, 'row')}${result.truncated ? ', limit reached' : ''}`

/** Documents are read as trees; a grid of one wide column shows little of them. */
const isDocuments = (result: QueryResult) => result.columns?.length === 1 && result.columns[0]?.type === 'document'

export function Results({ answer, onExport }: { answer: QueryAnswer; onExport: (result: QueryResult, format: ResultFormat) => void }) {
  const withRows = answer.results.filter((result) => result.columns !== null)
  const [wanted, setWanted] = useState<number | null>(null)
  const current = withRows.find((result) => result.statement === wanted) ?? withRows.at(-1) ?? null
  const notices = answer.results.flatMap((result) => result.notices)
  return (
    <>
      {withRows.length > 1 && (
        <div className="seg m-2" role="group" aria-label="Results">
          {withRows.map((result) => (
            <button key={result.statement} type="button" aria-pressed={result === current} onClick={() => setWanted(result.statement)}>
              {result.statement + 1}: {count(result.rows.length)} rows
            </button>
          ))}
        </div>
      )}
      {answer.error && (
        <div role="alert" className="note m-3">
          <div className="grow">
            <p className="t-del">{answer.error.message}</p>
            {answer.error.detail && <p className="dim whitespace-pre-wrap">{answer.error.detail}</p>}
            {answer.error.hint && <p className="dim">{answer.error.hint}</p>}
          </div>
          {answer.error.sqlstate && <code className="dim">{answer.error.sqlstate}</code>}
        </div>
      )}
      {notices.map((notice, at) => (
        <p key={at} className="dim small px-4 py-1">
          {notice}
        </p>
      ))}
      {current && isDocuments(current) && current.rows.length > 0 ? (
        <DocumentResults key={`${answer.run_id}-${current.statement}`} rows={current.rows} />
      ) : current ? (
        <Grid
          key={`${answer.run_id}-${current.statement}`}
          label="Result"
          columns={current.columns ?? []}
          count={current.rows.length}
          row={(at) => current.rows[at] ?? null}
          onCopy={(from, to) => copyRange(current, from, to)}
          empty={<p className="dim p-4">No rows.</p>}
        />
      ) : (
        !answer.error && <p className="p-4">{answer.results.map(summary).join(' · ')}</p>
      )}
      <footer className="statusbar">
        <span className={answer.error ? 't-del' : 't-add'}>{answer.error ? 'Failed' : 'Done'}</span>
        {current && <span>{summary(current)}</span>}
        <span>{answer.milliseconds.toFixed(0)} ms</span>
        <span className="grow" />
        {current && (
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
                <MenuItem key={form} onSelect={() => void copyText(written(form, current.columns ?? [], current.rows, current.columns?.[0]?.table ?? 'result'), label)}>
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
              {EXPORTS.map((format) => (
                <MenuItem key={format} onSelect={() => onExport(current, format)}>
                  All rows as {format}
                </MenuItem>
              ))}
            </Menu>
          </>
        )}
      </footer>
    </>
  )
}
