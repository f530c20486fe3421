// Owns the note that an organization demands a second factor, which leads there.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { meQuery } from './api'

export function LockedNote() {
  const locked = useQuery(meQuery()).data?.organizations.filter((organization) => organization.locked) ?? []
  if (locked.length === 0) return null
  return (
    <p className="note" role="status">
      <span>
        {locked.map((organization) => organization.name).join(', ')} can be used only with a second factor.{' '}
        <Link to="/settings/security" className="link">
          Turn it on
        </Link>
      </span>
    </p>
  )
}
