// Owns taking a file out of a snapshot: in which form, which tables, at once or by a link for others.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ExtractFormat, SnapshotDetail, SnapshotLink } from '@/api/types'
import { Segmented, SelectField, TextField } from '@/components/field'
import { Dialog } from '@/components/ui/dialog'
import { useEngine } from '@/features/databases/api'
import { tableName } from '@/lib/table-name'
import { TableChecks } from '@/components/table-checks'
import { isRelational } from '@/lib/dialects'
import { copyText, withErrorToast } from '@/lib/download'
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
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '1 day' },
  { value: '604800', label: '7 days' },
]
// Long enough to begin a download; one that has begun is not broken off.
const AT_ONCE = 60

/** The forms that rows of an engine have as files: documents have no SQL, and are JSON first of all. */
export function formatsOf(relational: boolean): typeof FORMATS {
  return relational ? FORMATS : ['ndjson', 'json', 'csv', 'parquet'].flatMap((value) => FORMATS.filter((one) => one.value === value))
}

/** What will be in the file, in words. */
export function fileWords(format: ExtractFormat, tables: number, client: string | null): string {
  if (format === 'sql') return `One script to load into an empty database with ${client ?? 'the client of the engine'}: schema, rows, then keys and indexes.`
  const form = FORMATS.find((one) => one.value === format)?.label ?? format
  return tables === 1 ? `One ${form} file.` : `A ZIP with ${plural(tables, `${form} file`)}.`
}

export function ExportDialog({ snapshot, only, onClose }: { snapshot: SnapshotDetail; only?: string | undefined; onClose: () => void }) {
  const engine = useEngine(snapshot.engine)
  const relational = isRelational(engine)
  const formats = formatsOf(relational)
  const [picked, setFormat] = useState<ExtractFormat | null>(null)
  const format = picked ?? (only && relational ? 'csv' : (formats[0]?.value ?? 'csv'))
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
    void withErrorToast(what).finally(() => setBusy(false))
  }
  const download = () =>
    run(async () => {
      // The browser itself fetches the file, which may be larger than a page can hold.
      window.location.assign((await order(AT_ONCE)).url)
    })
  const share = () => run(async () => setLink(await order(Number(term))))
  const nothing = tables?.length === 0
  return (
    <Dialog title="Export snapshot" description={fileWords(format, tables?.length ?? snapshot.contents.length, engine?.script_client ?? null)} open onOpenChange={(open) => !open && onClose()}>
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
        <SelectField label="Share link expires after" value={term} onChange={change(setTerm)} options={TERMS} />
        {link && (
          <TextField
            label="Link"
            readOnly
            value={window.location.origin + link.url}
            onFocus={(event) => event.target.select()}
            note={`Anyone with the link can download the file until ${moment(link.expires_at)}, unless you revoke it. The link is not shown again.`}
          />
        )}
        <Links snapshot={snapshot.id} />
        <footer>
          <button type="button" className="btn" disabled={busy || nothing} onClick={link ? () => void copyText(window.location.origin + link.url, 'Link') : share}>
            {link ? 'Copy link' : 'Create link'}
          </button>
          <button type="button" className="btn primary" disabled={busy || nothing} onClick={download}>
            Download
          </button>
        </footer>
      </div>
    </Dialog>
  )
}
