// Owns an entry of the audit log: its row, and all that it says.
import { useState } from 'react'
import type { AuditEntry } from '@/api/types'
import { Dialog } from '@/components/ui/dialog'
import { doorOf, outcomeWord, summary } from '@/lib/audit'
import { duration, moment, words } from '@/lib/format'

const shown = (name: string, value: unknown) => (name === 'milliseconds' && typeof value === 'number' ? duration(value) : typeof value === 'string' ? value : JSON.stringify(value))

function Facts({ entry }: { entry: AuditEntry }) {
  const { statement, ...details } = entry.details
  const facts: [string, string][] = [
    ['When', `${moment(entry.at)} (${entry.at})`],
    ['Who', entry.actor.email || entry.actor.kind],
    ['From', [doorOf(entry), entry.ip].filter(Boolean).join(', ')],
    ['What', [entry.resource.kind, entry.resource.name, entry.resource.id].filter(Boolean).join(' · ')],
    ['Outcome', outcomeWord(entry.outcome)],
    ...Object.entries(details).map(([name, value]): [string, string] => [name === 'milliseconds' ? 'Took' : words(name), shown(name, value)]),
    ['Request', entry.request_id || '–'],
    ['Position in the chain', entry.position === null ? 'not sealed yet' : String(entry.position)],
    ['Hash', entry.hash ?? '–'],
  ]
  return (
    <>
      {typeof statement === 'string' && <pre className="audit-statement mono">{statement}</pre>}
      <dl className="pairs">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt>{name}</dt>
            <dd className={name === 'Hash' || name === 'Request' ? 'mono break-all' : 'break-words'}>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

/** An entry as a row; its time is the button that opens it. */
export function AuditRow({ entry }: { entry: AuditEntry }) {
  const [open, setOpen] = useState(false)
  const text = summary(entry.details)
  return (
    <tr>
      <td>
        <button type="button" className="link" onClick={() => setOpen(true)}>
          {moment(entry.at)}
        </button>
        <Dialog title={entry.action} open={open} onOpenChange={setOpen}>
          <Facts entry={entry} />
        </Dialog>
      </td>
      <td>{entry.actor.email || entry.actor.kind}</td>
      <td className="mono">
        {entry.action} {entry.outcome !== 'ok' && <span className="chip">{outcomeWord(entry.outcome)}</span>}
      </td>
      <td>
        {entry.resource.name || entry.resource.kind} <span className="dim small">{entry.resource.name ? entry.resource.kind : ''}</span>
      </td>
      <td className="mono max-w-72 cut" title={text}>
        {text}
      </td>
      <td>
        {doorOf(entry)} {entry.ip && <span className="mono dim small">{entry.ip}</span>}
      </td>
    </tr>
  )
}
