// Owns how an uploaded CSV file is read: what was detected, and other choices, which are previewed at once.
import type { ImportPreview } from '@/api/types'
import { SelectField } from '@/components/field'
import { Panel } from '@/components/page'

export type CsvOptions = NonNullable<ImportPreview['csv']>

const choices = (value: string, labels: Record<string, string>) => Object.entries(value in labels ? labels : { [value]: value, ...labels }).map(([key, label]) => ({ value: key, label }))

const ENCODINGS = {
  'utf-8': 'UTF-8',
  'utf-8-sig': 'UTF-8 with a byte order mark',
  'utf-16': 'UTF-16 with a byte order mark',
  'utf-16-le': 'UTF-16, little endian',
  cp1252: 'Windows-1252 (Western)',
  'latin-1': 'ISO 8859-1 (Western)',
  'iso-8859-2': 'ISO 8859-2 (Central European)',
  cp1251: 'Windows-1251 (Cyrillic)',
  shift_jis: 'Shift JIS',
  gb18030: 'GB 18030',
}
const DELIMITERS = { ',': 'Comma', ';': 'Semicolon', '\t': 'Tab', '|': 'Vertical bar' }
const QUOTES = { '"': 'Double (")', "'": "Single (')" }
const NULLS = { '': 'an empty field', NULL: 'NULL', '\\N': '\\N' }

export function CsvOptionsPanel({ options, disabled, onChange }: { options: CsvOptions; disabled: boolean; onChange: (options: CsvOptions) => void }) {
  const fields = [
    ['encoding', 'Encoding', ENCODINGS],
    ['delimiter', 'Delimiter', DELIMITERS],
    ['quote', 'Quotes', QUOTES],
    ['null', 'NULL is', NULLS],
  ] as const
  return (
    <Panel title="CSV">
      <div className="row flex-wrap p-4">
        {fields.map(([name, label, labels]) => (
          <SelectField key={name} label={label} value={options[name]} disabled={disabled} options={choices(options[name], labels)} onChange={(value) => onChange({ ...options, [name]: value })} />
        ))}
      </div>
    </Panel>
  )
}
