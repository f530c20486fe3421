// Owns the choice of the compression codec for new data.
import { toast } from 'sonner'
import type { Vault } from '@/api/types'
import { SelectField } from '@/components/field'
import { Panel } from '@/components/page'
import { ErrorNote } from '@/components/states'
import { useCompress } from './api'

const CODECS: readonly { value: string; label: string }[] = [
  { value: 'zstd 1', label: 'zstd 1 (fastest)' },
  { value: 'zstd 3', label: 'zstd 3 (default)' },
  { value: 'zstd 9', label: 'zstd 9 (slightly smaller, 4 times slower)' },
  { value: 'zstd 19', label: 'zstd 19 (smallest, slow)' },
  { value: 'lz4 0', label: 'lz4 (larger, very fast)' },
  { value: 'none 0', label: 'None (for storage that compresses)' },
]

interface CompressionProps {
  organization: string
  vault: Vault
  canChange: boolean
}

export function VaultCompression({ organization, vault, canChange }: CompressionProps) {
  const compress = useCompress(organization)
  const now = `${vault.codec} ${vault.level}`
  const options = CODECS.some(({ value }) => value === now) ? CODECS : [...CODECS, { value: now, label: now }]
  const choose = (value: string) => {
    const [codec, level] = value.split(' ')
    compress.mutate({ codec: codec as Vault['codec'], level: Number(level) }, { onSuccess: () => toast.success('Compression changed for new data') })
  }
  return (
    <Panel title="Compression">
      <div className="form-stack p-4">
        {compress.error && <ErrorNote error={compress.error} />}
        <SelectField label="New data" value={now} options={options} disabled={!canChange || compress.isPending} onChange={choose} />
        <p className="dim small">Existing data is not recompressed.</p>
      </div>
    </Panel>
  )
}
