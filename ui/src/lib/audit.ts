// Owns how entries of the audit log are read from the URL, asked for, and said in words.
import type { AuditEntry } from '@/api/types'
import { oneOf, text, type RawSearch } from './search-params'

export const OUTCOMES = ['ok', 'failed', 'cancelled', 'rolled_back', 'open', 'refused'] as const
type Outcome = (typeof OUTCOMES)[number]

/** The filters of the page, as the URL holds them; moments are those of an input of type datetime-local. */
export interface AuditSearch {
  q?: string
  person?: string
  action?: string
  outcome?: Outcome
  database?: string
  since?: string
  until?: string
}

/** Groups of actions: the beginning of their names. */
export const ACTION_GROUPS = [
  { value: '', label: 'All actions' },
  { value: 'auth.', label: 'Sign-ins' },
  { value: 'statement.', label: 'Statements' },
  { value: 'request.refused', label: 'Refusals' },
  { value: 'database.', label: 'Databases' },
  { value: 'snapshot.', label: 'Snapshots' },
  { value: 'job.', label: 'Jobs' },
  { value: 'member.', label: 'Members' },
  { value: 'key.', label: 'API keys' },
  { value: 'instance.', label: 'Instance' },
] as const

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/

function localMoment(raw: RawSearch, name: string): string | undefined {
  const value = text(raw, name)
  return value && MOMENT.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined
}

/** What the URL says; a value that the page cannot ask for is dropped. */
export function auditSearch(raw: RawSearch): AuditSearch {
  return {
    q: text(raw, 'q')?.slice(0, 200),
    person: text(raw, 'person')?.slice(0, 254),
    action: /^[a-z_.]{1,100}$/.exec(text(raw, 'action') ?? '')?.[0],
    outcome: oneOf(raw, 'outcome', OUTCOMES),
    database: /^[0-9a-f-]{36}$/.exec(text(raw, 'database') ?? '')?.[0],
    since: localMoment(raw, 'since'),
    until: localMoment(raw, 'until'),
  }
}

const instant = (local: string | undefined) => (local ? new Date(local).toISOString() : undefined)

/** The query of a request for the entries of a search. */
export function auditQueryOf({ q, person, action, outcome, database, since, until }: AuditSearch) {
  return { search: q, person, action, outcome, database_id: database, since: instant(since), until: instant(until) }
}

const OUTCOME_WORDS: Record<Outcome, string> = {
  ok: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  rolled_back: 'rolled back',
  open: 'in an open transaction',
  refused: 'refused',
}

export const outcomeWord = (outcome: Outcome): string => OUTCOME_WORDS[outcome]

const DOORS: Record<AuditEntry['door'], string> = { web: 'web app', cli: 'command line', api: 'API', system: 'Headwater' }

/** "API, key Deploy": by which door somebody came. */
export function doorOf(entry: Pick<AuditEntry, 'door' | 'actor'>): string {
  return entry.actor.key_name ? `${DOORS[entry.door]}, key ${entry.actor.key_name}` : DOORS[entry.door]
}

/** The statement of an entry, or its other details on one line. */
export function summary(details: AuditEntry['details']): string {
  if (typeof details.statement === 'string') return details.statement
  const parts = Object.entries(details).filter(([, value]) => value !== '' && value !== null)
  return parts.map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ')
}
