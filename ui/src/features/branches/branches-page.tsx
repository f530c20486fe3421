// Owns the branches of a database: the databases that were created from it, and creating one.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { PageFrame, Panel } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { useDatabase } from '@/lib/database-scope'
import { useProjectScope } from '@/lib/project-scope'
import { branchesQuery } from './api'
import { BranchTable } from './branch-table'
import { CreateBranchDialog } from './create-branch-dialog'

export function BranchesPage() {
  const database = useDatabase()
  const { project } = useProjectScope()
  const branches = useQuery(branchesQuery(database.id))
  const [creating, setCreating] = useState(false)
  const canCreate = project.role !== 'viewer'
  const button = canCreate && (
    <button type="button" className="btn primary" onClick={() => setCreating(true)}>
      Create branch
    </button>
  )
  return (
    <PageFrame title="Branches" actions={branches.data && branches.data.length > 0 ? button : null}>
      <Loaded query={branches}>
        {(items) =>
          items.length === 0 ? (
            <EmptyState text={`${database.name} has no branches. A branch is a copy to try changes on; they can be merged back.`}>{button}</EmptyState>
          ) : (
            <Panel title={`Branches of ${database.name}`}>
              <BranchTable branches={items} canChange={canCreate && project.role !== 'member'} />
            </Panel>
          )
        }
      </Loaded>
      {creating && <CreateBranchDialog onClose={() => setCreating(false)} />}
    </PageFrame>
  )
}
