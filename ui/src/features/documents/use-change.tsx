// Owns sending a change of an entry: asks first when the database is protected, and reads anew what has changed.
import { useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { EntryChange, EntryChangeAnswer } from '@/api/types'
import { Dialog } from '@/components/ui/dialog'
import { useDatabase } from '@/lib/database-scope'
import { useProjectScope } from '@/lib/project-scope'
import { changeEntry } from './api'

interface Waiting {
  change: EntryChange
  go: (sure: boolean) => void
}

interface Changing {
  canWrite: boolean
  /** The outcome, or null when the user thought better of it. */
  send: (change: EntryChange) => Promise<EntryChangeAnswer | null>
  /** To be drawn where the changes are made. */
  question: ReactNode
}

export function useChange(): Changing {
  const database = useDatabase()
  const { project } = useProjectScope()
  const queries = useQueryClient()
  const [waiting, setWaiting] = useState<Waiting | null>(null)
  const ask = (change: EntryChange) =>
    new Promise<boolean>((resolve) => {
      const go = (sure: boolean) => {
        setWaiting(null)
        resolve(sure)
      }
      setWaiting({ change, go })
    })
  const send = async (change: EntryChange) => {
    if (database.protected && !(await ask(change))) return null
    const answer = await changeEntry(database.id, { ...change, confirmed: database.protected })
    await queries.invalidateQueries({ queryKey: ['entries', database.id] })
    return answer
  }
  const question = waiting && (
    <Dialog title={`Write to ${database.name}?`} description="This database is protected. Nothing has been changed yet." open onOpenChange={(open) => !open && waiting.go(false)}>
      <p>
        {waiting.change.kind} <code>{waiting.change.id}</code>
      </p>
      <footer>
        <button type="button" className="btn" onClick={() => waiting.go(false)}>
          Cancel
        </button>
        <button type="button" className="btn danger" onClick={() => waiting.go(true)}>
          Write
        </button>
      </footer>
    </Dialog>
  )
  return { canWrite: project.role !== 'viewer' && !database.read_only, send, question }
}
