// Owns asking for a snapshot: what it is called, and which tables it holds.
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { LiveSchema, Snapshot } from '@/api/types'
import { Segmented, TextField } from '@/components/field'
import { ErrorNote, Loaded } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { liveSchemaQuery } from '@/features/databases/api'
import { useDatabase } from '@/lib/database-scope'
import { asApiError } from '@/lib/problem'
import { useTake } from './api'
import { tableName } from './restoring'
import { TableChecks } from './table-checks'

type Extent = 'all' | 'only' | 'but'

const EXTENTS: readonly { value: Extent; label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'only', label: 'Only some' },
  { value: 'but', label: 'All but some' },
]

const LEGENDS: Record<Exclude<Extent, 'all'>, string> = { only: 'Tables that it holds', but: 'Tables that it leaves out' }

const holdsRows = (relation: LiveSchema['relations'][number]) => relation.kind === 'table' || relation.kind === 'collection'

export function TakeDialog({ onClose, onTaken }: { onClose: () => void; onTaken: (snapshot: Snapshot) => void }) {
  const database = useDatabase()
  const schema = useQuery(liveSchemaQuery(database.id))
  const [label, setLabel] = useState('')
  const [extent, setExtent] = useState<Extent>('all')
  const [chosen, setChosen] = useState<Set<string>>(new Set())
  const take = useTake(database.id)
  const failure = take.error ? asApiError(take.error) : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const names = [...chosen].sort()
    const request = { label: label.trim(), tables: extent === 'only' ? names : null, exclude: extent === 'but' ? names : null }
    take.mutate(request, {
      onSuccess: (made) => {
        onClose()
        onTaken(made)
      },
    })
  }
  return (
    <Dialog title="Take snapshot" description={`${database.name} at one moment. Only what has changed since the last one is stored.`} open onOpenChange={(open) => !open && onClose()}>
      <form className="form-stack" onSubmit={submit}>
        {failure && Object.keys(failure.fields).length === 0 && <ErrorNote error={failure} />}
        <TextField label="Label" value={label} autoFocus maxLength={200} placeholder="Before the rename" note="May be left empty." onChange={(event) => setLabel(event.target.value)} error={failure?.fields['label']} />
        <div className="formrow">
          <h3>Tables</h3>
          <Segmented className="self-start" label="Tables" value={extent} onChange={setExtent} options={EXTENTS} />
        </div>
        {extent !== 'all' && (
          <Loaded query={schema} rows={3}>
            {(found) => (
              <TableChecks
                label={LEGENDS[extent]}
                tables={found.relations.filter(holdsRows).map((one) => ({ name: tableName({ schema: one.schema ?? null, name: one.name }), rows: one.rows }))}
                chosen={chosen}
                onChange={setChosen}
              />
            )}
          </Loaded>
        )}
        <footer>
          <button type="submit" className="btn primary" disabled={take.isPending || (extent !== 'all' && chosen.size === 0)}>
            {take.isPending ? 'Beginning…' : 'Take snapshot'}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
