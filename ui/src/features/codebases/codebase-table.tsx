// Owns the list of codebases of a project, with rescan and delete.
import { Link } from '@tanstack/react-router'
import { Ellipsis } from 'lucide-react'
import { useState } from 'react'
import type { Codebase } from '@/api/types'
import { StateChip } from '@/components/marks'
import { TableHead, TableScroll } from '@/components/page'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Menu, MenuItem } from '@/components/ui/menu'
import { withErrorToast } from '@/lib/download'
import { ago, bytes, count } from '@/lib/format'
import { useDeleteCodebase, useRescan } from './api'

function CodebaseMenu({ codebase }: { codebase: Codebase }) {
  const [asking, setAsking] = useState(false)
  const rescan = useRescan()
  const remove = useDeleteCodebase()
  const busy = codebase.job_id !== null && (codebase.state === 'pending' || codebase.state === 'running')
  return (
    <>
      <Menu
        align="end"
        trigger={
          <button type="button" className="btn ghost icon" aria-label={`More about ${codebase.name}`}>
            <Ellipsis className="i" aria-hidden="true" />
          </button>
        }
      >
        <MenuItem disabled={busy} onSelect={() => void withErrorToast(() => rescan.mutateAsync(codebase.id))}>
          Rescan
        </MenuItem>
        <MenuItem danger onSelect={() => setAsking(true)}>
          Delete codebase
        </MenuItem>
      </Menu>
      <ConfirmDialog
        title={`Delete ${codebase.name}?`}
        text="Its files, its scans and its lineage are deleted. This cannot be undone."
        action="Delete codebase"
        open={asking}
        onOpenChange={setAsking}
        onConfirm={() => remove.mutateAsync(codebase.id)}
      />
    </>
  )
}

interface CodebaseTableProps {
  codebases: Codebase[]
  current: Codebase | null
  canWrite: boolean
}

export function CodebaseTable({ codebases, current, canWrite }: CodebaseTableProps) {
  return (
    <TableScroll label="Codebases">
      <table className="table tall">
        <TableHead
          columns={[
            { name: 'Name' },
            { name: 'State' },
            { name: 'Size', className: 'num hide-p' },
            { name: 'Files', className: 'num hide-p' },
            { name: 'Usages', className: 'num' },
            { name: 'Added', className: 'hide-p' },
            { name: 'More', unseen: true },
          ]}
        />
        <tbody>
          {codebases.map((codebase) => (
            <tr key={codebase.id} className={codebase.id === current?.id ? 'sel' : undefined}>
              <td className="w-full max-w-0">
                <span className="row">
                  <Link
                    from="/p/$project"
                    to="/p/$project"
                    search={{ codebase: codebase.id }}
                    className="cut font-medium hover:underline"
                    aria-current={codebase.id === current?.id ? 'true' : undefined}
                  >
                    {codebase.name}
                  </Link>
                  {codebase.origin === 'sample' && <span className="chip">sample</span>}
                  {codebase.origin === 'git' && <span className="chip">git</span>}
                </span>
              </td>
              <td>
                <StateChip state={codebase.state} />
              </td>
              <td className="num hide-p">{bytes(codebase.size_bytes)}</td>
              <td className="num hide-p">{codebase.scan ? count(codebase.scan.files.total) : '–'}</td>
              <td className="num">{codebase.scan ? count(codebase.scan.usages) : '–'}</td>
              <td className="dim hide-p">{ago(codebase.created_at)}</td>
              <td>{canWrite && <CodebaseMenu codebase={codebase} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}
