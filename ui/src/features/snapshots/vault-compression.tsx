// Owns the choice of how new pages are compressed, by what it is good for.
import { toast } from 'sonner'
import type { Vault } from '@/api/types'
import { SelectField } from '@/components/field'
import { Panel } from '@/components/page'
import { ErrorNote } from '@/components/states'
import { useCompress } from './api'

const USUAL: readonly { value: string; label: string }[] = [
  { value: 'zstd 1', label: 'zstd 1, the fastest that is small' },
  { value: 'zstd 3', label: 'zstd 3, the usual one' },
  { value: 'zstd 9', label: 'zstd 9, a little smaller, four times slower' },
  { value: 'zstd 19', label: 'zstd 19, the smallest, for what is written once' },
  { value: 'lz4 0', label: 'lz4, larger and very fast' },
  { value: 'none 0', label: 'None, for storage that compresses by itself' },
]

interface CompressionProps {
  organization: string
  vault: Vault
  canChange: boolean
}

export function VaultCompression({ organization, vault, canChange }: CompressionProps) {
  const compress = useCompress(organization)
  const now = `${vault.codec} ${vault.level}`
  const options = USUAL.some(({ value }) => value === now) ? USUAL : [...USUAL, { value: now, label: now }]
  const choose = (value: string) => {
    const [codec, level] = value.split(' ')
    compress.mutate({ codec: codec as Vault['codec'], level: Number(level) }, { onSuccess: () => toast.success('New pages are compressed in this way') })
  }
  return (
    <Panel title="Compression">
      <div className="form-stack p-4">
        {compress.error && <ErrorNote error={compress.error} />}
        <SelectField label="New pages" value={now} options={options} disabled={!canChange || compress.isPending} onChange={choose} />
        <p className="dim small">Pages that are there stay as they are, and are shared as before.</p>
      </div>
    </Panel>
  )
}
