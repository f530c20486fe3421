// Owns the panel of a codebase's git repository: where it is, how it is read, when, and what the last look at it said.
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { Codebase, GitSource } from '@/api/types'
import { Panel } from '@/components/page'
import { ErrorNote, SkeletonRows } from '@/components/states'
import { copyText, withErrorToast } from '@/lib/download'
import { ago, moment } from '@/lib/format'
import { ApiError } from '@/lib/problem'
import { gitSourceQuery, useRescan } from './api'
import { ChangeGitDialog } from './git-dialog'
import { WebhookDialog } from './webhook-dialog'

const CREDENTIALS: Record<GitSource['credentials'], string> = { none: 'None', token: 'Access token', deploy_key: 'Deploy key' }

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Copied({ text, what }: { text: string; what: string }) {
  return (
    <span className="row">
      <code className="cut">{text}</code>
      <button type="button" className="btn" aria-label={`Copy ${what}`} onClick={() => void copyText(text, what)}>
        Copy
      </button>
    </span>
  )
}

/** When scans start by themselves, in words. */
function Starts({ source }: { source: GitSource }) {
  const next = source.schedule?.next_at
  const parts = [source.schedule && `${source.schedule.cron} (${source.schedule.timezone})${next ? `, next ${moment(next)}` : ''}`, source.webhook && 'pushes (webhook)'].filter(Boolean)
  return <>{parts.join(' and ') || 'Only by hand'}</>
}

function Facts({ source }: { source: GitSource }) {
  return (
    <dl className="source">
      <Row name="Repository">
        <code className="break-all">{source.url}</code>
      </Row>
      <Row name="Branch">{source.branch || `${source.default_branch || 'the default branch'}${source.default_branch ? ' (default)' : ''}`}</Row>
      {source.subfolder && (
        <Row name="Folder">
          <code>{source.subfolder}</code>
        </Row>
      )}
      <Row name="Credentials">
        {CREDENTIALS[source.credentials]}
        {source.username && ` of ${source.username}`}
      </Row>
      {source.public_key && (
        <Row name="Public key">
          <Copied text={source.public_key} what="Public key" />
        </Row>
      )}
      {source.host_fingerprint && (
        <Row name="Host key">
          <code className="break-all">{source.host_fingerprint}</code>
        </Row>
      )}
      <Row name="Scans start">
        <Starts source={source} />
      </Row>
      <Row name="Last read">{source.checked_at ? ago(source.checked_at) : 'Never'}</Row>
    </dl>
  )
}

function Actions({ codebase, source }: { codebase: Codebase; source: GitSource }) {
  const [open, setOpen] = useState<'change' | 'webhook' | null>(null)
  const rescan = useRescan()
  const busy = codebase.job_id !== null && (codebase.state === 'pending' || codebase.state === 'running')
  return (
    <span className="row">
      <button type="button" className="btn" onClick={() => setOpen('webhook')}>
        Webhook
      </button>
      <button type="button" className="btn" onClick={() => setOpen('change')}>
        Change
      </button>
      <button type="button" className="btn" disabled={busy || rescan.isPending} onClick={() => void withErrorToast(() => rescan.mutateAsync(codebase.id))}>
        Scan now
      </button>
      {open === 'change' && <ChangeGitDialog codebase={codebase.id} source={source} onClose={() => setOpen(null)} />}
      {open === 'webhook' && <WebhookDialog codebase={codebase.id} source={source} onClose={() => setOpen(null)} />}
    </span>
  )
}

export function GitPanel({ codebase, canWrite }: { codebase: Codebase; canWrite: boolean }) {
  const query = useQuery(gitSourceQuery(codebase.id, `${codebase.job_id} ${codebase.state}`))
  const source = query.data
  if (query.error) return <ErrorNote error={query.error} />
  if (!source) return <SkeletonRows rows={3} label="Loading the repository" />
  return (
    <Panel title="Repository" aside={canWrite && <Actions codebase={codebase} source={source} />}>
      {source.failure && codebase.scan && (
        <ErrorNote error={new ApiError({ status: 0, detail: source.failure, hint: 'What you see is the last complete scan.' })} />
      )}
      <Facts source={source} />
    </Panel>
  )
}
