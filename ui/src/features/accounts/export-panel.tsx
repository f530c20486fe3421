// Owns the export of what is stored about the user: a ZIP of JSON files, written by a job.
import { useQuery } from '@tanstack/react-query'
import type { PersonalExport } from '@/api/types'
import { Panel } from '@/components/page'
import { Loaded } from '@/components/states'
import { withErrorToast } from '@/lib/download'
import { ago } from '@/lib/format'
import { exportsQuery, useExportLink, useStartExport } from './api'

const WORDS = { pending: 'waiting', running: 'being written', completed: 'deleted', failed: 'failed', cancelled: 'cancelled' } as const

function ExportRow({ item }: { item: PersonalExport }) {
  const link = useExportLink()
  const download = async () => {
    const { url } = await link.mutateAsync(item.id)
    window.location.assign(url)
  }
  return (
    <div className="row">
      <span className="grow">
        Export, {ago(item.created_at)} {!item.available && <span className="chip">{WORDS[item.state]}</span>}
      </span>
      {item.available && (
        <button type="button" className="btn" disabled={link.isPending} onClick={() => void withErrorToast(download)}>
          Download
        </button>
      )}
    </div>
  )
}

export function ExportPanel() {
  const exports = useQuery(exportsQuery())
  const start = useStartExport()
  const isBusy = start.isPending || (exports.data ?? []).some((item) => item.state === 'pending' || item.state === 'running')
  return (
    <Panel title="Your data">
      <div className="form-stack p-4">
        <p className="dim">
          Everything that is stored about you, as a ZIP of JSON files: profile, memberships, sessions, API keys without their secrets, queries, and your entries of the audit log. Files are deleted after three days.
        </p>
        <Loaded query={exports} rows={1}>
          {(items) => items.map((item) => <ExportRow key={item.id} item={item} />)}
        </Loaded>
        <footer>
          <button type="button" className="btn" disabled={isBusy} onClick={() => void withErrorToast(() => start.mutateAsync(undefined))}>
            Export my data
          </button>
        </footer>
      </div>
    </Panel>
  )
}
