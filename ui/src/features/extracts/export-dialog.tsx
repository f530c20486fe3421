// Owns taking a file out of a snapshot: in which form, which tables, at once or by a link for others.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ExtractFormat, SnapshotDetail, SnapshotLink } from '@/api/types'
import { Segmented, SelectField, TextField } from '@/components/field'
import { Dialog } from '@/components/ui/dialog'
import { useEngine } from '@/features/databases/api'
import { tableName } from '@/features/snapshots/restoring'
import { TableChecks } from '@/features/snapshots/table-checks'
import { copyText, tellFailure } from '@/lib/download'
import { moment, plural } from '@/lib/format'
import { linksQuery, createLink } from './api'
import { Links } from './links'

const FORMATS: readonly { value: ExtractFormat; label: string }[] = [
  { value: 'sql', label: 'SQL' },
  { value: 'csv', label: 'CSV' },
  { value: 'ndjson', label: 'NDJSON' },
  { value: 'json', label: 'JSON' },
  { value: 'parquet', label: 'Parquet' },
]
const EXTENTS = [
  { value: 'all', label: 'All' },
  { value: 'some', label: 'Some' },
] as const
const TERMS = [
  { value: '3600', label: 'an hour' },
  { value: '86400', label: 'a day' },
  { value: '604800', label: 'seven days' },
]
// Long enough to begin a download; one that has begun is not broken off.
const AT_ONCE = 60

const PROGRAMS: Record<string, string> = { postgresql: 'psql', mysql: 'mysql', sqlite: 'sqlite3' }

/** The forms that rows of an engine have as files: documents have no SQL, and are JSON first of all. */
export function formatsOf(language: string | undefined): typeof FORMATS {
  return language === 'sql' ? FORMATS : ['ndjson', 'json', 'csv', 'parquet'].flatMap((value) => FORMATS.filter((one) => one.value === value))
}

/** What will be in the file, in words. */
export function fileWords(format: ExtractFormat, tables: number, engine: string): string {
  if (format === 'sql') return `One script that ${PROGRAMS[engine] ?? 'the engine’s own program'} loads into an empty database: schema, rows, then keys and indexes.`
  const form = FORMATS.find((one) => one.value === format)?.label ?? format
  return tables === 1 ? `One ${form} file.` : `A ZIP with ${plural(tables, `${form} file`)}.`
}

export function ExportDialog({ snapshot, only, onClose }: { snapshot: SnapshotDetail; only?: string | undefined; onClose: () => void }) {
  const language = useEngine(snapshot.engine)?.language
  const formats = formatsOf(language)
  const [picked, setFormat] = useState<ExtractFormat | null>(null)
  const format = picked ?? (only && language === 'sql' ? 'csv' : (formats[0]?.value ?? 'csv'))
  const [extent, setExtent] = useState<'all' | 'some'>(only ? 'some' : 'all')
  const [chosen, setChosen] = useState<Set<string>>(new Set(only ? [only] : []))
  const [term, setTerm] = useState('3600')
  const [link, setLink] = useState<SnapshotLink | null>(null)
  const [busy, setBusy] = useState(false)
  const tables = extent === 'all' ? null : [...chosen].sort()
  const queries = useQueryClient()
  const order = async (seconds: number) => {
    const made = await createLink(snapshot.id, { format, tables, expires_in: seconds })
    void queries.invalidateQueries({ queryKey: linksQuery(snapshot.id).queryKey })
    return made
  }
  const change = <T,>(set: (value: T) => void) => (value: T) => {
    set(value)
    setLink(null)
  }
  const run = (what: () => Promise<void>) => {
    setBusy(true)
    void tellFailure(what).finally(() => setBusy(false))
  }
  const download = () =>
    run(async () => {
      // The browser itself fetches the file, which may be larger than a page can hold.
      window.location.assign((await order(AT_ONCE)).url)
    })
  const share = () => run(async () => setLink(await order(Number(term))))
  const nothing = tables?.length === 0
  return (
    <Dialog title="Export the snapshot" description={fileWords(format, tables?.length ?? snapshot.contents.length, snapshot.engine)} open onOpenChange={(open) => !open && onClose()}>
      <div className="form-stack">
        <div className="formrow">
          <h3>Format</h3>
          <Segmented className="self-start" label="Format" value={format} onChange={change(setFormat)} options={formats} />
        </div>
        <div className="formrow">
          <h3>Tables</h3>
          <Segmented className="self-start" label="Tables" value={extent} onChange={change(setExtent)} options={EXTENTS} />
        </div>
        {extent === 'some' && <TableChecks label="Tables to export" tables={snapshot.contents.map((one) => ({ name: tableName(one), rows: one.rows }))} chosen={chosen} onChange={change(setChosen)} />}
        <SelectField label="A link for others is valid for" value={term} onChange={change(setTerm)} options={TERMS} />
        {link && (
          <TextField
            label="Link"
            readOnly
            value={window.location.origin + link.url}
            onFocus={(event) => event.target.select()}
            note={`Until ${moment(link.expires_at)}, whoever has it can download the file, unless it is revoked. It is not shown again.`}
          />
        )}
        <Links snapshot={snapshot.id} />
        <footer>
          <button type="button" className="btn" disabled={busy || nothing} onClick={link ? () => void copyText(window.location.origin + link.url, 'Link') : share}>
            {link ? 'Copy the link' : 'Make a link'}
          </button>
          <button type="button" className="btn primary" disabled={busy || nothing} onClick={download}>
            Download
          </button>
        </footer>
      </div>
    </Dialog>
  )
}
