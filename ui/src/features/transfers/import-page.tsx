// Owns beginning an import: the file is uploaded and looked at, then its columns are put in their places.
import { Upload } from 'lucide-react'
import { useRef, useState } from 'react'
import { Bar } from '@/components/marks'
import { PageFrame, Panel } from '@/components/page'
import { EmptyState, ErrorNote } from '@/components/states'
import { useDatabase } from '@/lib/database-scope'
import { plural } from '@/lib/format'
import { useUpload } from './api'
import { CsvOptionsPanel } from './csv-options'
import { ImportForm } from './import-form'

const ACCEPT = '.csv,.tsv,.tab,.txt,.ndjson,.jsonl,.json,.parquet,.pq,.sql,.gz,.zip,.dump,.backup,.tar'

export function ImportPage() {
  const database = useDatabase()
  const input = useRef<HTMLInputElement>(null)
  const [part, setPart] = useState(0)
  const upload = useUpload(database.id, setPart)
  const preview = upload.data
  const { file, options } = upload.variables ?? {}
  const csv = options ?? preview?.csv
  return (
    <PageFrame title="Import" subtitle={<p className="dim">A file into {database.name}</p>}>
      <Panel title="File" aside={preview && <span className="dim small">{preview.columns.length > 0 ? `${preview.format.toUpperCase()}, ${plural(preview.columns.length, 'column')}` : preview.format === 'sql' ? 'SQL' : 'Archive'}</span>}>
        <input
          ref={input}
          type="file"
          accept={ACCEPT}
          className="sr"
          tabIndex={-1}
          aria-label="File to import"
          onChange={(event) => {
            const file = event.target.files?.[0]
            event.target.value = ''
            if (file) upload.mutate({ file })
          }}
        />
        <EmptyState text={preview?.transfer.filename ?? 'CSV, TSV, NDJSON, JSON, Parquet, an SQL script or a dump.'}>
          {upload.isPending && <Bar part={part} label="Upload" className="w-60" />}
          <button type="button" className={preview ? 'btn' : 'btn primary'} disabled={upload.isPending} onClick={() => input.current?.click()}>
            <Upload className="i" aria-hidden="true" />
            {preview ? 'Choose another file' : 'Choose a file'}
          </button>
        </EmptyState>
      </Panel>
      {csv && file && <CsvOptionsPanel options={csv} disabled={upload.isPending} onChange={(options) => upload.mutate({ file, options })} />}
      {upload.error && <ErrorNote error={upload.error} />}
      {preview && !upload.isPending && <ImportForm key={preview.transfer.id} preview={preview} />}
    </PageFrame>
  )
}
