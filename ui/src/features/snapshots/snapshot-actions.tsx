// Owns what can be done with one snapshot: restore, verify, give it another label, delete.
import { Link, useNavigate } from '@tanstack/react-router'
import { Ellipsis, RotateCcw } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import type { Job, SnapshotDetail } from '@/api/types'
import { TextField } from '@/components/field'
import { ConfirmDialog, Dialog } from '@/components/ui/dialog'
import { Menu, MenuItem, MenuSeparator } from '@/components/ui/menu'
import { useEngine } from '@/features/databases/api'
import { isRelational } from '@/lib/dialects'
import { withErrorToast } from '@/lib/download'
import { moment as dayAndTime } from '@/lib/format'
import { useChangeSnapshot, useDeleteSnapshot, useVerify, type Depth } from './api'
import { title } from './timeline-data'

function LabelDialog({ snapshot, onClose }: { snapshot: SnapshotDetail; onClose: () => void }) {
  const [label, setLabel] = useState(snapshot.label)
  const change = useChangeSnapshot()
  const save = (event: FormEvent) => {
    event.preventDefault()
    void withErrorToast(async () => {
      await change.mutateAsync({ id: snapshot.id, label: label.trim() })
      onClose()
    })
  }
  return (
    <Dialog title="Snapshot label" open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={save}>
        <TextField label="Label" value={label} autoFocus maxLength={200} onChange={(event) => setLabel(event.target.value)} />
        <footer>
          <button type="submit" className="btn primary" disabled={change.isPending}>
            Save
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

interface ActionsProps {
  snapshot: SnapshotDetail
  isAdmin: boolean
  onVerifying: (job: Job) => void
  onDeleted: () => void
}

export function SnapshotActions({ snapshot, isAdmin, onVerifying, onDeleted }: ActionsProps) {
  const [asking, setAsking] = useState<'label' | 'delete' | null>(null)
  const navigate = useNavigate({ from: '/p/$project/d/$database/backups' })
  const verify = useVerify()
  const remove = useDeleteSnapshot()
  const engine = useEngine(snapshot.engine)
  const readable = engine?.extracts ?? false
  const complete = snapshot.status === 'complete'
  const check = (kind: Depth) => void withErrorToast(async () => onVerifying(await verify.mutateAsync({ id: snapshot.id, kind })))
  if (!complete && snapshot.status !== 'failed') return null
  const called = `${title(snapshot)} of ${dayAndTime(snapshot.taken_at ?? snapshot.created_at)}`
  return (
    <footer>
      {complete && (
        <>
          <Link from="/p/$project/d/$database/backups" to="." search={(now) => ({ ...now, restore: true })} className="btn primary grow">
            <RotateCcw className="i" aria-hidden="true" />
            Restore
          </Link>
          {readable && (
            <Link from="/p/$project/d/$database/backups" to="/p/$project/d/$database/snapshots/$snapshot" params={{ snapshot: snapshot.id }} search={{}} className="btn">
              Browse
            </Link>
          )}
          <button type="button" className="btn" disabled={verify.isPending} onClick={() => check('quick')}>
            Verify
          </button>
        </>
      )}
      <Menu
        align="end"
        trigger={
          <button type="button" className={`btn icon ${complete ? '' : 'end'}`} aria-label={`More actions for ${title(snapshot)}`}>
            <Ellipsis className="i" aria-hidden="true" />
          </button>
        }
      >
        {complete && (
          <>
            <MenuItem onSelect={() => check('deep')}>Deep verify: read every block</MenuItem>
            {readable && isRelational(engine) && (
              <>
                <MenuItem onSelect={() => void navigate({ to: '/p/$project/d/$database/diff', search: { after: snapshot.id } })}>Compare with another snapshot</MenuItem>
                <MenuItem onSelect={() => void navigate({ to: '/p/$project/d/$database/diff', search: { before: snapshot.id, after: `database:${snapshot.database_id}` } })}>
                  Compare with the database now
                </MenuItem>
              </>
            )}
            {isAdmin && readable && isRelational(engine) && (
              <MenuItem onSelect={() => void navigate({ to: '/p/$project/d/$database/merge', search: { base: snapshot.id } })}>Merge changes since this snapshot</MenuItem>
            )}
            {readable && isRelational(engine) && (
              <MenuItem onSelect={() => void navigate({ to: '/p/$project/d/$database/transfers/copy', search: { snapshot: snapshot.id } })}>Copy to another database</MenuItem>
            )}
            <MenuItem onSelect={() => setAsking('label')}>Edit label</MenuItem>
            <MenuSeparator />
          </>
        )}
        <MenuItem danger disabled={!isAdmin || snapshot.held} onSelect={() => setAsking('delete')}>
          {snapshot.held ? 'Delete (marked Keep forever)' : 'Delete snapshot'}
        </MenuItem>
      </Menu>
      {asking === 'label' && <LabelDialog snapshot={snapshot} onClose={() => setAsking(null)} />}
      <ConfirmDialog
        title={`Delete ${called}?`}
        text={`This cannot be undone. Other snapshots of ${snapshot.database_name} stay complete, even where they share data.`}
        action="Delete snapshot"
        open={asking === 'delete'}
        onOpenChange={(open) => setAsking(open ? 'delete' : null)}
        onConfirm={async () => {
          await remove.mutateAsync(snapshot.id)
          onDeleted()
        }}
      />
    </footer>
  )
}
