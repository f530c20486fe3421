// Owns the fields that name an S3 bucket and the access to it.
import type { VaultPlace } from '@/api/types'
import { TextField } from '@/components/field'

type BucketField = 'bucket' | 'prefix' | 'endpoint' | 'region' | 'access_key' | 'secret_key'

const FIELDS: readonly { name: BucketField; label: string; note?: string; secret?: boolean; required?: boolean }[] = [
  { name: 'bucket', label: 'Bucket', required: true },
  { name: 'prefix', label: 'Prefix', note: 'Folder in the bucket. Optional.' },
  { name: 'endpoint', label: 'Endpoint', note: 'Leave empty for Amazon S3.' },
  { name: 'region', label: 'Region', required: true },
  { name: 'access_key', label: 'Access key', required: true },
  { name: 'secret_key', label: 'Secret key', note: 'Stored encrypted and not shown again.', secret: true, required: true },
]

export const isBucketComplete = (place: VaultPlace): boolean => FIELDS.every(({ name, required }) => !required || place[name]?.trim())

interface BucketFieldsProps<T extends VaultPlace> {
  value: T
  errors: Record<string, string> | undefined
  onChange: (value: T) => void
}

export function BucketFields<T extends VaultPlace>({ value, errors, onChange }: BucketFieldsProps<T>) {
  return FIELDS.map(({ name, label, note, secret, required }) => (
    <TextField
      key={name}
      label={label}
      note={note}
      type={secret ? 'password' : 'text'}
      autoComplete={secret ? 'new-password' : 'off'}
      spellCheck={false}
      required={required}
      value={value[name] ?? ''}
      error={errors?.[name]}
      onChange={(event) => onChange({ ...value, [name]: event.target.value })}
    />
  ))
}
