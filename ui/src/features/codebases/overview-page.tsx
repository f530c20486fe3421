// Owns the overview of a project: its codebases, uploading one, and the scan of the one chosen.
import { getRouteApi } from '@tanstack/react-router'
import { GitBranch, Upload } from 'lucide-react'
import { useState } from 'react'
import type { Codebase } from '@/api/types'
import { AlertFeed } from '@/components/alert-feed'
import { PageFrame, Panel } from '@/components/page'
import { EmptyState } from '@/components/states'
import { errorText } from '@/lib/problem'
import { useProjectScope } from '@/lib/project-scope'
import { useUpload } from './api'
import { CodebaseTable } from './codebase-table'
import { DropOverlay, FilePicker, useFileDrop } from './file-drop'
import { NewGitDialog } from './git-dialog'
import { GitPanel } from './git-panel'
import { ScanResult } from './scan-result'
import { LiveScan } from './live-scan'
import { UploadBar, type UploadState } from './upload-bar'

const route = getRouteApi('/shell/p/$project')

function useUploads(project: string) {
  const [state, setState] = useState<UploadState | null>(null)
  const navigate = route.useNavigate()
  const upload = useUpload(project, (part) => setState((now) => now && { ...now, part }))
  const send = (file: File) => {
    setState({ file, part: 0, error: null })
    upload.mutate(file, {
      onSuccess: ({ codebase }) => {
        setState(null)
        void navigate({ to: '/p/$project', params: { project }, search: { codebase: codebase.id } })
      },
      onError: (error) => setState({ file, part: 0, error: errorText(error) }),
    })
  }
  return { state, send, busy: upload.isPending, dismiss: () => setState(null) }
}

function Scanned({ codebase }: { codebase: Codebase }) {
  const unfinished = codebase.state === 'pending' || codebase.state === 'running'
  if (codebase.job_id && (unfinished || codebase.scan === null)) return <LiveScan codebase={codebase} jobId={codebase.job_id} />
  if (codebase.scan) return <ScanResult codebase={codebase} scan={codebase.scan} />
  if (codebase.origin === 'git') return <EmptyState text="This repository has not been scanned yet. Add its deploy key at the git host, then choose Scan now." />
  return <EmptyState text="This codebase has not been scanned yet. Rescan it from its menu above." />
}

export function OverviewPage() {
  const { project, codebases, codebase } = useProjectScope()
  const uploads = useUploads(project.id)
  const canWrite = project.role !== 'viewer'
  const over = useFileDrop(canWrite, uploads.send)
  const [adding, setAdding] = useState(false)
  const button = canWrite && (
    <>
      <button type="button" className="btn" onClick={() => setAdding(true)}>
        <GitBranch className="i" aria-hidden="true" />
        From git
      </button>
      <FilePicker onFile={uploads.send} disabled={uploads.busy}>
        <Upload className="i" aria-hidden="true" />
        Upload code
      </FilePicker>
    </>
  )
  return (
    <PageFrame title={project.name} subtitle={<p className="cut hide-p">{project.description}</p>} actions={codebases.length > 0 && button}>
      {over && <DropOverlay />}
      {uploads.state && <UploadBar state={uploads.state} onDismiss={uploads.dismiss} />}
      {adding && <NewGitDialog project={project.id} onClose={() => setAdding(false)} />}
      <AlertFeed project={project.id} />
      {codebases.length === 0 ? (
        <section className="panel" aria-label="First codebase">
          <EmptyState text="No code yet. Drop a ZIP of your repository anywhere on this page, or read it from git, to see where every column is used.">{button}</EmptyState>
        </section>
      ) : (
        <>
          <Panel title="Codebases" aside={canWrite && <span className="hide-p">Drop a ZIP anywhere on this page to add one</span>}>
            <CodebaseTable codebases={codebases} current={codebase} canWrite={canWrite} />
          </Panel>
          {codebase?.origin === 'git' && <GitPanel key={`git ${codebase.id}`} codebase={codebase} canWrite={canWrite} />}
          {codebase && <Scanned key={codebase.id} codebase={codebase} />}
        </>
      )}
    </PageFrame>
  )
}
