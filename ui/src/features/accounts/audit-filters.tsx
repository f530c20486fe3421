// Owns the filters of the audit log; what is typed reaches the URL when the form is sent.
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { SelectField, TextField } from '@/components/field'
import { ACTION_GROUPS, outcomeWord, OUTCOMES, type AuditSearch } from '@/lib/audit'
import { auditedDatabasesQuery } from './api'

const ANY_OUTCOME = { value: '', label: 'Any outcome' }

function useDatabaseOptions(chosen: string | undefined) {
  const databases = useQuery(auditedDatabasesQuery()).data ?? []
  const options = databases.map(({ id, name }) => ({ value: id, label: name }))
  const unknown = chosen && !databases.some(({ id }) => id === chosen) ? [{ value: chosen, label: 'A deleted database' }] : []
  return [{ value: '', label: 'All databases' }, ...options, ...unknown]
}

/** The filters of a search, and a button that clears them. */
export function AuditFilters({ search, onChange }: { search: AuditSearch; onChange: (next: AuditSearch) => void }) {
  const [draft, setDraft] = useState(search)
  const databases = useDatabaseOptions(search.database)
  const actions = ACTION_GROUPS.some(({ value }) => value === (search.action ?? '')) ? ACTION_GROUPS : [...ACTION_GROUPS, { value: search.action ?? '', label: search.action ?? '' }]
  const send = (event: FormEvent) => {
    event.preventDefault()
    onChange({ ...search, ...draft })
  }
  const type = (change: AuditSearch) => setDraft({ ...draft, ...change })
  const choose = (change: AuditSearch) => {
    type(change)
    onChange({ ...search, ...draft, ...change })
  }
  return (
    <form className="audit-filters" role="search" aria-label="Entries" onSubmit={send}>
      <TextField label="Text" placeholder="Beginnings of words" maxLength={200} value={draft.q ?? ''} onChange={(event) => type({ q: event.target.value || undefined })} />
      <TextField label="Person" placeholder="Email address" maxLength={254} value={draft.person ?? ''} onChange={(event) => type({ person: event.target.value || undefined })} />
      <SelectField label="Action" value={search.action ?? ''} options={actions} onChange={(value) => choose({ action: value || undefined })} />
      <SelectField label="Database" value={search.database ?? ''} options={databases} onChange={(value) => choose({ database: value || undefined })} />
      <SelectField
        label="Outcome"
        value={search.outcome ?? ''}
        options={[ANY_OUTCOME, ...OUTCOMES.map((value) => ({ value, label: outcomeWord(value) }))]}
        onChange={(value) => choose({ outcome: OUTCOMES.find((one) => one === value) })}
      />
      <TextField label="From" type="datetime-local" value={draft.since ?? ''} onChange={(event) => type({ since: event.target.value || undefined })} />
      <TextField label="Until" type="datetime-local" value={draft.until ?? ''} onChange={(event) => type({ until: event.target.value || undefined })} />
      <div className="audit-buttons">
        <button type="submit" className="btn primary">
          Apply
        </button>
        <button
          type="button"
          className="btn"
          onClick={() => {
            setDraft({})
            onChange({})
          }}
        >
          Clear
        </button>
      </div>
    </form>
  )
}
