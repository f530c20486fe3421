// Owns the migrations of a database: their order, how each stands, and the ways to apply, revert and settle them.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Ellipsis, FileUp, Play, Plus, Unplug } from 'lucide-react'
import { useState } from 'react'
import type { Migration, MigrationText } from '@/api/types'
import { PageFrame, Panel, TableHead, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { Menu, MenuItem } from '@/components/ui/menu'
import { useDatabase } from '@/lib/database-scope'
import { withErrorToast } from '@/lib/download'
import { ago } from '@/lib/format'
import { sqlPlace } from '@/lib/impact'
import { useProjectScope } from '@/lib/project-scope'
import { deleteMigration, migrationsQuery, migrationText, resolveMigration, type Direction } from './api'
import { ImportDialog, NewDialog } from './new-dialog'
import { RunDialog } from './run-dialog'

const TONES: Record<Migration['state'], string> = { applied: 'add', pending: '', failed: 'del', changed: 'warn', unknown: 'warn' }
const MEANING: Record<Migration['state'], string> = {
  applied: 'Applied.',
  pending: 'Not applied yet.',
  failed: 'Failed part-way. Check the database, then mark it as applied or not applied.',
  changed: 'Applied, but its SQL has changed since.',
  unknown: 'Recorded in the database, but not known here.',
}

interface RowProps {
  one: Migration
  canEdit: boolean
  onShow: () => void
  onRun: (way: Direction) => void
  onDo: (work: () => Promise<unknown>) => void
}

function MigrationRow({ one, canEdit, onShow, onRun, onDo }: RowProps) {
  const { id } = useDatabase()
  const done = one.state === 'applied' || one.state === 'changed'
  return (
    <tr>
      <td>
        <span className={`chip ${TONES[one.state]}`} title={MEANING[one.state]}>
          {one.state}
        </span>
      </td>
      <td className="mono dim hide-p">{one.version}</td>
      <td className="w-full max-w-0">
        <button type="button" className="link cut block" disabled={one.origin === null} onClick={onShow}>
          {one.name}
        </button>
      </td>
      <td className="hide-p">{one.origin !== null && one.origin !== 'headwater' && <span className="chip">{one.origin}</span>}</td>
      <td className="dim hide-p" title={one.applied_by ?? ''}>
        {one.applied_at ? ago(one.applied_at) : ''}
      </td>
      <td>
        {canEdit && (
          <Menu
            align="end"
            trigger={
              <button type="button" className="btn ghost icon" aria-label={`More for ${one.name}`}>
                <Ellipsis className="i" aria-hidden="true" />
              </button>
            }
          >
            {one.state === 'pending' && one.runs && <MenuItem onSelect={() => onRun('up')}>Apply up to this one</MenuItem>}
            {done && one.origin !== null && <MenuItem onSelect={() => onRun('down')}>Revert down to this one</MenuItem>}
            {one.state !== 'applied' && one.origin !== null && <MenuItem onSelect={() => onDo(() => resolveMigration(id, one.version, 'applied'))}>Mark as applied</MenuItem>}
            {one.state !== 'pending' && <MenuItem onSelect={() => onDo(() => resolveMigration(id, one.version, 'pending'))}>Mark as not applied</MenuItem>}
            {one.state === 'pending' && <MenuItem onSelect={() => onDo(() => deleteMigration(id, one.version))}>Delete</MenuItem>}
          </Menu>
        )}
      </td>
    </tr>
  )
}

function MigrationImpact({ sql }: { sql: string }) {
  const { codebase } = useProjectScope()
  if (codebase?.scan?.state !== 'completed') return null
  return (
    <Link from="/p/$project" to="/p/$project/impact" {...sqlPlace(sql)} className="btn">
      <Unplug className="i" aria-hidden="true" />
      What breaks in {codebase.name}?
    </Link>
  )
}

function TextDialog({ text, onClose }: { text: MigrationText; onClose: () => void }) {
  return (
    <Dialog title={text.name} description={text.version} open onOpenChange={(open) => !open && onClose()}>
      <pre className="mono sqlpreview">{text.up}</pre>
      <MigrationImpact sql={text.up} />
      <h3>Down</h3>
      {text.down === null ? <p className="dim">No down migration.</p> : <pre className="mono sqlpreview">{text.down}</pre>}
    </Dialog>
  )
}

type Open = { kind: 'new' } | { kind: 'import' } | { kind: 'run'; way: Direction; to: string } | { kind: 'text'; text: MigrationText }

export function MigrationsPage() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const queries = useQueryClient()
  const migrations = useQuery(migrationsQuery(database.id))
  const [open, setOpen] = useState<Open | null>(null)
  const canEdit = project.role !== 'viewer'
  const close = () => setOpen(null)
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: ['migrations', database.id] })
    void queries.invalidateQueries({ queryKey: ['databases', database.id] })
  }
  const act = (work: () => Promise<unknown>) =>
    void withErrorToast(async () => {
      await work()
      refresh()
    })
  const pending = migrations.data?.filter((one) => one.state === 'pending').length ?? 0
  const actions = canEdit && (
    <>
      <button type="button" className="btn hide-p" onClick={() => setOpen({ kind: 'import' })}>
        <FileUp className="i" aria-hidden="true" /> Import
      </button>
      <button type="button" className="btn" onClick={() => setOpen({ kind: 'new' })}>
        <Plus className="i" aria-hidden="true" /> New
      </button>
      <button type="button" className="btn primary" disabled={pending === 0} onClick={() => setOpen({ kind: 'run', way: 'up', to: '' })}>
        <Play className="i" aria-hidden="true" /> Apply {pending || ''}
      </button>
    </>
  )
  return (
    <PageFrame title="Migrations" subtitle={<p className="dim hide-p">Applied migrations are recorded in headwater_migrations</p>} actions={actions}>
      <Loaded query={migrations}>
        {(items) => (
          <Panel title={pending === 0 ? 'All migrations' : `All migrations, ${pending} pending`}>
            {items.length === 0 ? (
              <EmptyState text="No migrations. Write one, save a structure change as one, or import a folder from another tool." />
            ) : (
              <TableScroll label="Migrations">
                <table className="table tall">
                  <TableHead
                    columns={[
                      { name: 'State' },
                      { name: 'Version', className: 'hide-p' },
                      { name: 'Name' },
                      { name: 'From', className: 'hide-p' },
                      { name: 'Applied', className: 'hide-p' },
                      { name: 'More', unseen: true },
                    ]}
                  />
                  <tbody>
                    {items.map((one) => (
                      <MigrationRow
                        key={one.version}
                        one={one}
                        canEdit={canEdit}
                        onShow={() => void withErrorToast(async () => setOpen({ kind: 'text', text: await migrationText(database.id, one.version) }))}
                        onRun={(way) => setOpen({ kind: 'run', way, to: one.version })}
                        onDo={act}
                      />
                    ))}
                  </tbody>
                </table>
              </TableScroll>
            )}
          </Panel>
        )}
      </Loaded>
      {open?.kind === 'new' && <NewDialog onClose={close} onDone={refresh} />}
      {open?.kind === 'import' && <ImportDialog onClose={close} onDone={refresh} />}
      {open?.kind === 'run' && <RunDialog way={open.way} to={open.to} onClose={close} onRun={refresh} />}
      {open?.kind === 'text' && <TextDialog text={open.text} onClose={close} />}
    </PageFrame>
  )
}
