// Owns the list of links to files of a snapshot that work, and ending one of them.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useState } from 'react'
import type { ListedLink } from '@/api/types'
import { Loaded } from '@/components/states'
import { withErrorToast } from '@/lib/download'
import { moment, plural } from '@/lib/format'
import { linksQuery, revokeLink } from './api'

/** What a link gives, in a few words. */
export function linkWords({ format, tables }: Pick<ListedLink, 'format' | 'tables'>): string {
  const form = format.toUpperCase()
  if (tables === null) return `${form}, all tables`
  return tables.length === 1 ? `${form}, ${tables[0]}` : `${form}, ${plural(tables.length, 'table')}`
}

/** How often it was used, and until when it works. */
export const usedWords = ({ uses, expires_at }: Pick<ListedLink, 'uses' | 'expires_at'>): string =>
  `${uses === 0 ? 'not used' : `used ${uses === 1 ? 'once' : `${uses} times`}`}, until ${moment(expires_at)}`

export function Links({ snapshot }: { snapshot: string }) {
  const links = useQuery(linksQuery(snapshot))
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const revoke = (id: string) => {
    setBusy(true)
    void withErrorToast(async () => {
      await revokeLink(snapshot, id)
      await queries.invalidateQueries({ queryKey: linksQuery(snapshot).queryKey })
    }).finally(() => setBusy(false))
  }
  return (
    <div className="formrow">
      <h3>Active links</h3>
      <Loaded query={links} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="small dim">None.</p>
          ) : (
            <ul className="flex flex-col gap-1" aria-label="Active links">
              {items.map((one) => (
                <li key={one.id} className="row">
                  <span className="grow min-w-0">
                    <span className="cut block">{linkWords(one)}</span>
                    <span className="small dim block">
                      {one.by}, {usedWords(one)}
                    </span>
                  </span>
                  <button type="button" className="btn icon" disabled={busy} title="Revoke" aria-label={`Revoke the link ${linkWords(one)}`} onClick={() => revoke(one.id)}>
                    <X className="i" aria-hidden="true" />
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </div>
  )
}
