// Owns how the commit of a scan is shown: its short id, branch and subject, with the time of its author on hover.
import type { Commit } from '@/api/types'
import { moment } from '@/lib/format'

export function CommitNote({ commit }: { commit: Commit }) {
  const title = [commit.subject, commit.authored_at && moment(commit.authored_at), commit.id].filter(Boolean).join('\n')
  return (
    <span className="row small min-w-0" title={title}>
      <code className="chip">{commit.id.slice(0, 8)}</code>
      {commit.branch && <span className="dim hide-p">{commit.branch}</span>}
      {commit.subject && <span className="cut dim hide-p">{commit.subject}</span>}
    </span>
  )
}
