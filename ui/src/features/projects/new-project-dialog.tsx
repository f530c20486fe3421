// Owns making a project.
import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { TextField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { asApiError } from '@/lib/problem'
import { useCreateProject } from './api'

export function NewProjectDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const create = useCreateProject()
  const navigate = useNavigate()
  const failure = create.error ? asApiError(create.error) : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const input = { name: name.trim(), ...(description.trim() ? { description: description.trim() } : {}) }
    create.mutate(input, {
      onSuccess: (project) => {
        onClose()
        void navigate({ to: '/p/$project', params: { project: project.id }, search: { codebase: undefined } })
      },
    })
  }
  return (
    <Dialog title="New project" open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        {failure && Object.keys(failure.fields).length === 0 && <ErrorNote error={failure} />}
        <TextField label="Name" value={name} autoFocus required onChange={(event) => setName(event.target.value)} error={failure?.fields['name']} />
        <TextField label="Description" value={description} onChange={(event) => setDescription(event.target.value)} error={failure?.fields['description']} />
        <footer>
          <button type="submit" className="btn primary" disabled={create.isPending || !name.trim()}>
            Create project
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
