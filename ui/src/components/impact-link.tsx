// Owns the button beside a column or table that asks what breaks in the project's code when it is dropped.
import { Link } from '@tanstack/react-router'
import { Unplug } from 'lucide-react'
import { useProjectScope } from '@/lib/project-scope'

export function ImpactLink({ of }: { of: string }) {
  const { codebase } = useProjectScope()
  if (codebase?.scan?.state !== 'completed') return null
  return (
    <Link from="/p/$project" to="/p/$project/impact" search={{ of, action: 'drop' }} className="btn ghost icon" aria-label={`Impact of dropping ${of}`} title="What breaks without it?">
      <Unplug className="i" aria-hidden="true" />
    </Link>
  )
}
