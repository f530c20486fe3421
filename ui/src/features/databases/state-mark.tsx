// Owns how the state of a database is shown: a word with a dot, never a colour alone.
import type { Database } from '@/api/types'

const MARKS: Record<Database['state'], { word: string; tone: string }> = {
  creating: { word: 'creating', tone: 'warn' },
  starting: { word: 'starting', tone: 'warn' },
  running: { word: 'running', tone: 'add' },
  asleep: { word: 'asleep', tone: '' },
  stopped: { word: 'stopped', tone: '' },
  failed: { word: 'failed', tone: 'del' },
  deleting: { word: 'deleting', tone: 'warn' },
  connected: { word: 'connected', tone: 'add' },
}

export function StateMark({ database }: { database: Pick<Database, 'state' | 'state_reason'> }) {
  const mark = MARKS[database.state]
  return (
    <span className={`chip ${mark.tone}`} title={database.state_reason || undefined}>
      {mark.word}
    </span>
  )
}
