// Owns the rotation of an API key: the old one stays valid for a while, so that nothing stops.
import { useState } from 'react'
import type { ApiKey } from '@/api/types'
import { SelectField } from '@/components/field'
import { ErrorNote } from '@/components/states'
import { Dialog } from '@/components/ui/dialog'
import { useRotateKey } from './api'
import { SecretOnce } from './secret-once'

const OVERLAPS = [
  { value: '0', label: 'Not at all' },
  { value: '1', label: 'One hour' },
  { value: '24', label: 'One day' },
  { value: '168', label: 'One week' },
] as const

export function RotateKeyDialog({ item, onClose }: { item: ApiKey; onClose: () => void }) {
  const [hours, setHours] = useState('24')
  const rotate = useRotateKey()
  return (
    <Dialog title={`Rotate ${item.name}`} description="A new key that may do the same replaces this one." open onOpenChange={(open) => !open && onClose()}>
      {rotate.data ? (
        <SecretOnce secret={rotate.data.secret} onClose={onClose} />
      ) : (
        <div className="form-stack">
          {rotate.error && <ErrorNote error={rotate.error} />}
          <SelectField label="The old key stays valid" value={hours} onChange={setHours} options={OVERLAPS} />
          <footer>
            <button type="button" className="btn primary" disabled={rotate.isPending} onClick={() => rotate.mutate({ id: item.id, hours: Number(hours) })}>
              Rotate key
            </button>
          </footer>
        </div>
      )}
    </Dialog>
  )
}
