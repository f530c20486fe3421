// Owns the question every lineage page asks first: is there a scanned codebase to show?
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Codebase } from '@/api/types'
import { useProjectScope } from '@/lib/project-scope'
import { EmptyState } from './states'

interface NeedsScanProps {
  title: string
  children: (codebase: Codebase) => ReactNode
}

function reason(codebase: Codebase | null): { text: string; action: string } {
  if (codebase === null) return { text: 'No code has been scanned in this project yet.', action: 'Upload code' }
  if (codebase.state === 'failed' || codebase.state === 'cancelled') {
    return { text: `The scan of ${codebase.name} did not finish, so there is nothing to show.`, action: 'View the log' }
  }
  return { text: `The scan of ${codebase.name} is still running.`, action: 'View progress' }
}

export function NeedsScan({ title, children }: NeedsScanProps) {
  const { codebase } = useProjectScope()
  if (codebase?.scan?.state === 'completed') return <>{children(codebase)}</>
  const { text, action } = reason(codebase)
  return (
    <>
      <div className="toolbar">
        <h1>{title}</h1>
      </div>
      <EmptyState text={text}>
        <Link from="/p/$project" to="/p/$project" className="btn primary">
          {action}
        </Link>
      </EmptyState>
    </>
  )
}
