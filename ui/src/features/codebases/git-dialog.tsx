// Owns the dialogs in which a git repository is added and changed.
import { getRouteApi } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import type { GitSource } from '@/api/types'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { asApiError } from '@/lib/problem'
import { useAddGitCodebase, useChangeGitSource } from './api'
import { changesOf, draftOf, emptyDraft, inputOf, type GitDraft } from './git-draft'
import { GitFields } from './git-fields'

const route = getRouteApi('/shell/p/$project')

interface FormProps {
  title: string
  action: string
  initial: GitDraft
  known: boolean
  pending: boolean
  error: unknown
  onSubmit: (draft: GitDraft) => void
  onClose: () => void
}

function GitForm({ title, action, initial, known, pending, error, onSubmit, onClose }: FormProps) {
  const [draft, setDraft] = useState(initial)
  const failure = error ? asApiError(error) : null
  const hint = failure?.hint ? ` ${failure.hint}` : ''
  const fields = Object.fromEntries(Object.entries(failure?.fields ?? {}).map(([name, text]) => [name, text + hint]))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit(draft)
  }
  return (
    <Dialog title={title} open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        {failure && Object.keys(fields).length === 0 && <ErrorNote error={failure} />}
        <GitFields draft={draft} known={known} fields={fields} set={(part) => setDraft({ ...draft, ...part })} />
        <footer>
          <button type="submit" className="btn primary" disabled={pending || !draft.url.trim()}>
            {action}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

export function NewGitDialog({ project, onClose }: { project: string; onClose: () => void }) {
  const add = useAddGitCodebase(project)
  const navigate = route.useNavigate()
  const submit = (draft: GitDraft) =>
    add.mutate(inputOf(draft), {
      onSuccess: ({ codebase }) => {
        onClose()
        void navigate({ to: '/p/$project', params: { project }, search: { codebase: codebase.id } })
      },
    })
  return <GitForm title="Code from git" action="Add repository" initial={emptyDraft()} known={false} pending={add.isPending} error={add.error} onSubmit={submit} onClose={onClose} />
}

export function ChangeGitDialog({ codebase, source, onClose }: { codebase: string; source: GitSource; onClose: () => void }) {
  const change = useChangeGitSource(codebase)
  const submit = (draft: GitDraft) => change.mutate(changesOf(draft, source), { onSuccess: onClose })
  return <GitForm title="Repository" action="Save" initial={draftOf(source)} known pending={change.isPending} error={change.error} onSubmit={submit} onClose={onClose} />
}
