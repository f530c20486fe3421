// Owns the fields of a git repository: address, branch, folder, credentials and schedule.
import { SelectField, TextField } from '@/components/field'
import { isSsh, kindOf, kindsOf, NEVER, scheduleChoice, SCHEDULES, type GitDraft } from './git-draft'

const ZONES = Intl.supportedValuesOf('timeZone')

interface FieldsProps {
  draft: GitDraft
  /** Whether the repository exists already: then its credentials can stay as they are. */
  known: boolean
  fields: Record<string, string>
  set: (part: Partial<GitDraft>) => void
}

function Credentials({ draft, known, fields, set }: FieldsProps) {
  const kind = kindOf(draft, known)
  return (
    <>
      <SelectField label="Credentials" value={kind} options={kindsOf(draft.url, known)} onChange={(value) => set({ kind: value as GitDraft['kind'] })} />
      {fields['credentials'] && (
        <p className="small t-del" role="alert">
          {fields['credentials']}
        </p>
      )}
      {kind === 'token' && (
        <div className="form-line">
          <TextField label="Token" type="password" autoComplete="new-password" value={draft.token} required error={fields['token']} onChange={(event) => set({ token: event.target.value })} />
          <TextField label="User name" autoComplete="off" value={draft.username} placeholder="as the host asks for" error={fields['username']} onChange={(event) => set({ username: event.target.value })} />
        </div>
      )}
      {kind === 'deploy_key' && (
        <>
          <label className="formrow">
            <span>Private key</span>
            <textarea className="area mono" rows={3} spellCheck={false} value={draft.privateKey} placeholder="Empty: Headwater makes a new key and shows its public half" onChange={(event) => set({ privateKey: event.target.value })} />
          </label>
          {fields['private_key'] && (
            <p className="small t-del" role="alert">
              {fields['private_key']}
            </p>
          )}
        </>
      )}
      {isSsh(draft.url) && (
        <TextField
          label="Host key"
          className="mono"
          value={draft.hostKey}
          spellCheck={false}
          placeholder="SHA256:…"
          note={known ? 'Empty: the pinned one stays.' : 'Empty: the first one that the host shows is pinned.'}
          error={fields['host_key']}
          onChange={(event) => set({ hostKey: event.target.value })}
        />
      )}
    </>
  )
}

function Schedule({ draft, fields, set }: FieldsProps) {
  const choice = scheduleChoice(draft)
  return (
    <>
      <SelectField
        label="Look for new commits"
        value={choice}
        options={SCHEDULES}
        onChange={(value) => set(value === 'custom' ? { custom: true, cron: draft.cron || '0 3 * * *' } : { custom: false, cron: value })}
      />
      {choice !== NEVER && (
        <div className="form-line">
          {choice === 'custom' && <TextField label="Cron" className="mono" value={draft.cron} spellCheck={false} error={fields['cron']} onChange={(event) => set({ cron: event.target.value })} />}
          <TextField label="Time zone" list="git-zones" value={draft.timezone} spellCheck={false} error={fields['timezone']} onChange={(event) => set({ timezone: event.target.value })} />
          <datalist id="git-zones">
            {ZONES.map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </div>
      )}
    </>
  )
}

export function GitFields(props: FieldsProps) {
  const { draft, known, fields, set } = props
  return (
    <>
      <TextField
        label="Repository"
        value={draft.url}
        autoFocus
        required
        autoComplete="off"
        spellCheck={false}
        placeholder="https://github.com/acme/shop.git"
        error={fields['url']}
        onChange={(event) => set({ url: event.target.value })}
      />
      {!known && <TextField label="Name" value={draft.name} autoComplete="off" placeholder="that of the repository" error={fields['name']} onChange={(event) => set({ name: event.target.value })} />}
      <div className="form-line">
        <TextField label="Branch" value={draft.branch} spellCheck={false} placeholder="the default branch" error={fields['branch']} onChange={(event) => set({ branch: event.target.value })} />
        <TextField label="Folder" value={draft.subfolder} spellCheck={false} placeholder="the whole repository" error={fields['subfolder']} onChange={(event) => set({ subfolder: event.target.value })} />
      </div>
      <Credentials {...props} />
      <Schedule {...props} />
    </>
  )
}
