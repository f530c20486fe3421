// Owns the form of a git repository as values: from what the server says, and to what it is sent.
import type { GitCodebaseInput, GitSource, GitSourceInput } from '@/api/types'

export type CredentialsKind = GitSource['credentials']

export interface GitDraft {
  url: string
  name: string
  branch: string
  subfolder: string
  kind: CredentialsKind | 'unchanged'
  username: string
  token: string
  privateKey: string
  hostKey: string
  cron: string
  custom: boolean
  timezone: string
}

export const NEVER = ''

export const SCHEDULES: readonly { value: string; label: string }[] = [
  { value: NEVER, label: 'Not by a schedule' },
  { value: '*/15 * * * *', label: 'Every 15 minutes' },
  { value: '0 * * * *', label: 'Every hour' },
  { value: '0 3 * * *', label: 'Every day at 03:00' },
  { value: 'custom', label: 'Cron…' },
]

const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

export const emptyDraft = (): GitDraft => ({
  url: '', name: '', branch: '', subfolder: '', kind: 'none', username: '', token: '', privateKey: '', hostKey: '', cron: NEVER, custom: false, timezone: browserZone(),
})

export const draftOf = (source: GitSource): GitDraft => ({
  ...emptyDraft(),
  url: source.url,
  branch: source.branch,
  subfolder: source.subfolder,
  kind: 'unchanged',
  username: source.username,
  cron: source.schedule?.cron ?? NEVER,
  timezone: source.schedule?.timezone ?? browserZone(),
})

/** Whether an address is one of SSH, which takes a deploy key and no token. */
export const isSsh = (url: string) => /^ssh:\/\//i.test(url.trim()) || /^[\w.-]+@[\w.-]+:/.test(url.trim())

export const scheduleChoice = ({ cron, custom }: Pick<GitDraft, 'cron' | 'custom'>) => (custom || !SCHEDULES.some(({ value }) => value === cron) ? 'custom' : cron)

/** The kinds of credentials that fit an address. */
export function kindsOf(url: string, known: boolean): readonly { value: GitDraft['kind']; label: string }[] {
  const fitting: { value: GitDraft['kind']; label: string }[] = isSsh(url)
    ? [{ value: 'deploy_key', label: 'Deploy key' }]
    : [
        { value: 'none', label: 'None: the repository is public' },
        { value: 'token', label: 'Access token' },
      ]
  return known ? [{ value: 'unchanged', label: 'As they are' }, ...fitting] : fitting
}

/** The kind that is chosen, or the first that fits if the address was changed to another kind of host. */
export function kindOf(draft: GitDraft, known: boolean): GitDraft['kind'] {
  const kinds = kindsOf(draft.url, known)
  return kinds.some(({ value }) => value === draft.kind) ? draft.kind : (kinds[0]?.value ?? 'none')
}

function credentialsOf(draft: GitDraft, kind: CredentialsKind) {
  if (kind === 'token') return { kind, username: draft.username.trim(), token: draft.token.trim() }
  if (kind === 'deploy_key') return draft.privateKey.trim() ? { kind, private_key: draft.privateKey } : { kind }
  return { kind }
}

const scheduleOf = ({ cron, timezone }: GitDraft) => (cron.trim() ? { cron: cron.trim(), timezone } : null)

export function inputOf(draft: GitDraft): GitCodebaseInput {
  const kind = kindOf(draft, false)
  return {
    url: draft.url.trim(),
    name: draft.name.trim(),
    branch: draft.branch.trim(),
    subfolder: draft.subfolder.trim(),
    host_key: draft.hostKey.trim(),
    credentials: credentialsOf(draft, kind === 'unchanged' ? 'none' : kind) as GitCodebaseInput['credentials'],
    schedule: scheduleOf(draft),
  } as GitCodebaseInput
}

/** What a changed form changes; secrets that were not entered stay as they are. */
export function changesOf(draft: GitDraft, source: GitSource): GitSourceInput {
  const kind = kindOf(draft, true)
  const before = draftOf(source)
  const scheduleChanged = draft.cron !== before.cron || (draft.cron !== NEVER && draft.timezone !== before.timezone)
  return {
    ...(draft.url.trim() !== source.url && { url: draft.url.trim() }),
    ...(draft.branch.trim() !== source.branch && { branch: draft.branch.trim() }),
    ...(draft.subfolder.trim() !== source.subfolder && { subfolder: draft.subfolder.trim() }),
    ...(draft.hostKey.trim() && { host_key: draft.hostKey.trim() }),
    ...(kind !== 'unchanged' && { credentials: credentialsOf(draft, kind) }),
    ...(scheduleChanged && { schedule: scheduleOf(draft) }),
  } as GitSourceInput
}
