// Owns the extensions of a database: those the server offers, and installing, updating and removing them.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Extension } from '@/api/types'
import { SearchField } from '@/components/field'
import { PageFrame, Panel, TableScroll } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { ConfirmDialog } from '@/components/ui/dialog'
import { useDatabase } from '@/lib/database-scope'
import { withErrorToast } from '@/lib/download'
import { useProjectScope } from '@/lib/project-scope'
import { extensionsQuery, useExtensionChange } from './api'
import { actionsOf, matching, type Action } from './extensions'

const LABELS: Record<Action, string> = { install: 'Install', update: 'Update', remove: 'Remove' }
const TEXTS: Record<Action, string> = {
  install: 'This database is protected. The extension and those it requires are installed.',
  update: 'This database is protected. The extension is updated to the version of the server.',
  remove: 'Its types, functions and operators are removed. The server refuses this while a table or view uses them.',
}

function Actions({ extension }: { extension: Extension }) {
  const database = useDatabase()
  const change = useExtensionChange(database.id, extension.name)
  const [asking, setAsking] = useState<Action | null>(null)
  const start = (action: Action) => (action === 'remove' || database.protected ? setAsking(action) : void withErrorToast(() => change.mutateAsync(action)))
  return (
    <span className="row">
      {actionsOf(extension).map((action) => (
        <button key={action} type="button" className="btn" aria-label={`${LABELS[action]} ${extension.name}`} disabled={change.isPending} onClick={() => start(action)}>
          {LABELS[action]}
        </button>
      ))}
      {asking && (
        <ConfirmDialog
          title={`${LABELS[asking]} ${extension.name}?`}
          text={TEXTS[asking]}
          action={LABELS[asking]}
          open
          onOpenChange={(open) => !open && setAsking(null)}
          onConfirm={() => change.mutateAsync(asking)}
        />
      )}
    </span>
  )
}

function ExtensionRow({ extension, canChange }: { extension: Extension; canChange: boolean }) {
  return (
    <tr>
      <td>
        <span className="row">
          <code>{extension.name}</code>
          {extension.installed !== null && <span className="chip add">installed</span>}
        </span>
      </td>
      <td className="mono">{extension.installed ?? extension.version}</td>
      <td className="hide-p w-full">
        {extension.description}
        {extension.requires.length > 0 && <p className="small dim">Requires {extension.requires.join(', ')}.</p>}
        {extension.refused !== null && extension.installed === null && <p className="small dim">{extension.refused}</p>}
      </td>
      <td>{canChange && <Actions extension={extension} />}</td>
    </tr>
  )
}

function ExtensionTable({ extensions, canChange }: { extensions: readonly Extension[]; canChange: boolean }) {
  if (extensions.length === 0) return <EmptyState text="No extension matches." />
  return (
    <TableScroll label="Extensions">
      <table className="table tall">
        <thead>
          <tr>
            {['Name', 'Version', 'Description'].map((name) => (
              <th key={name} scope="col" className={name === 'Description' ? 'hide-p' : ''}>
                {name}
              </th>
            ))}
            <th scope="col">
              <span className="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {extensions.map((extension) => (
            <ExtensionRow key={extension.name} extension={extension} canChange={canChange} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

export function ExtensionsPage() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const [search, setSearch] = useState('')
  const extensions = useQuery(extensionsQuery(database.id))
  const canChange = project.role !== 'viewer' && !database.read_only
  return (
    <PageFrame title="Extensions" actions={<SearchField label="Search extensions" placeholder="Search extensions" value={search} onChange={setSearch} />}>
      <Loaded query={extensions}>
        {(items) => (
          <Panel title="Extensions of the server">
            <ExtensionTable extensions={matching(items, search)} canChange={canChange} />
          </Panel>
        )}
      </Loaded>
    </PageFrame>
  )
}
