// Owns the list of the branches of a database, and what can be done with one of them.
import { Link, useNavigate } from '@tanstack/react-router'
import { Ellipsis, GitMerge } from 'lucide-react'
import { useState } from 'react'
import type { Branch } from '@/api/types'
import { TableHead, TableScroll } from '@/components/page'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Menu, MenuItem, MenuSeparator } from '@/components/ui/menu'
import { StateMark } from '@/features/databases/state-mark'
import { withErrorToast } from '@/lib/download'
import { ago, bytes, moment } from '@/lib/format'
import { progressText } from '@/lib/jobs'
import { useProjectScope } from '@/lib/project-scope'
import { useCancelBranch, useDeleteBranch, useResetBranch } from './api'

/** What an admin may do with a branch in its state. */
export function actionsOf(branch: Branch): { merge: boolean; reset: boolean; remove: boolean; cancel: boolean } {
  const ready = branch.state === 'ready'
  const replaceable = ready && !branch.protected
  return { merge: ready && branch.parent_id !== null && branch.base_id !== null, reset: replaceable && branch.parent_id !== null, remove: replaceable, cancel: branch.state === 'creating' }
}

function BranchState({ branch }: { branch: Branch }) {
  const { project } = useProjectScope()
  if (branch.state === 'ready' && branch.database_state) return <StateMark database={{ state: branch.database_state, state_reason: '' }} />
  return (
    <span className="row">
      <span className={`chip ${branch.state === 'failed' ? 'del' : 'warn'}`}>{branch.state}</span>
      {branch.job && (
        <Link to="/p/$project/jobs/$job" params={{ project: project.id, job: branch.job.id }} className="link cut">
          {branch.state === 'failed' ? (branch.job.error ?? 'It was cancelled.') : progressText(branch.job)}
        </Link>
      )}
    </span>
  )
}

type Question = 'reset' | 'delete'

function Confirmation({ branch, question, onClose }: { branch: Branch; question: Question; onClose: () => void }) {
  const reset = useResetBranch()
  const remove = useDeleteBranch()
  const id = branch.database_id ?? ''
  const texts = {
    reset: { title: `Reset ${branch.name}?`, text: `All its changes are discarded: it starts again from ${branch.parent_name} as it is now, as another database with another password.`, action: 'Reset branch' },
    delete: { title: `Delete ${branch.name}?`, text: 'Its clients are disconnected now. You can restore it for seven days.', action: 'Delete branch' },
  }[question]
  return <ConfirmDialog {...texts} open onOpenChange={(open) => !open && onClose()} onConfirm={() => (question === 'reset' ? reset.mutateAsync(id) : remove.mutateAsync(id))} />
}

function BranchActions({ branch }: { branch: Branch }) {
  const { project } = useProjectScope()
  const navigate = useNavigate()
  const cancel = useCancelBranch()
  const [asking, setAsking] = useState<Question | null>(null)
  const can = actionsOf(branch)
  const job = branch.job?.id
  // The page of merges is that of the target.
  const merge = () => void navigate({ href: `/p/${project.id}/d/${branch.parent_id}/merge?${new URLSearchParams({ base: branch.base_id ?? '', source: branch.database_id ?? '' })}` })
  return (
    <span className="row">
      {can.merge && (
        <button type="button" className="btn hide-p" aria-label={`Merge ${branch.name} into ${branch.parent_name}`} onClick={merge}>
          <GitMerge className="i" aria-hidden="true" />
          Merge
        </button>
      )}
      <Menu
        align="end"
        trigger={
          <button type="button" className="btn ghost icon" aria-label={`More actions for ${branch.name}`}>
            <Ellipsis className="i" aria-hidden="true" />
          </button>
        }
      >
        {can.cancel && job && <MenuItem onSelect={() => void withErrorToast(() => cancel.mutateAsync(job))}>Cancel its creation</MenuItem>}
        <MenuItem disabled={!can.merge} onSelect={merge}>
          {`Merge into ${branch.parent_name}`}
        </MenuItem>
        <MenuSeparator />
        <MenuItem danger disabled={!can.reset} onSelect={() => setAsking('reset')}>
          Reset branch
        </MenuItem>
        <MenuItem danger disabled={!can.remove} onSelect={() => setAsking('delete')}>
          Delete branch
        </MenuItem>
      </Menu>
      {asking && <Confirmation branch={branch} question={asking} onClose={() => setAsking(null)} />}
    </span>
  )
}

function BranchRow({ branch, canChange }: { branch: Branch; canChange: boolean }) {
  const { project } = useProjectScope()
  return (
    <tr>
      <td className="w-full max-w-0">
        <span className="row">
          {branch.state === 'ready' && branch.database_id ? (
            <Link to="/p/$project/d/$database" params={{ project: project.id, database: branch.database_id }} className="cut font-medium hover:underline" title={`Database ${branch.database_name}`}>
              {branch.name}
            </Link>
          ) : (
            <span className="cut font-medium">{branch.name}</span>
          )}
          {branch.protected && <span className="chip">protected</span>}
        </span>
      </td>
      <td>
        <BranchState branch={branch} />
      </td>
      <td className="hide-p dim" title={moment(branch.created_at)}>
        {ago(branch.created_at)}
      </td>
      <td className="hide-p dim">{branch.base_taken_at ? moment(branch.base_taken_at) : branch.state === 'ready' ? 'deleted' : '–'}</td>
      <td className="hide-p dim">{branch.expires_at ? moment(branch.expires_at) : 'never'}</td>
      <td className="num hide-p">{branch.size_bytes === null ? '–' : bytes(branch.size_bytes)}</td>
      <td>{canChange && <BranchActions branch={branch} />}</td>
    </tr>
  )
}

const COLUMNS = [
  { name: 'Name' },
  { name: 'State' },
  { name: 'Created', className: 'hide-p' },
  { name: 'Base', className: 'hide-p' },
  { name: 'Expires', className: 'hide-p' },
  { name: 'Size', className: 'num hide-p' },
  { name: 'Actions', unseen: true },
]

export function BranchTable({ branches, canChange }: { branches: readonly Branch[]; canChange: boolean }) {
  return (
    <TableScroll label="Branches">
      <table className="table tall">
        <TableHead columns={COLUMNS} />
        <tbody>
          {branches.map((branch) => (
            <BranchRow key={branch.job?.id ?? branch.created_at} branch={branch} canChange={canChange} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}
