// Owns taking the schema away as text: copied or saved, in four formats.
import { useQuery } from '@tanstack/react-query'
import { Copy, Download } from 'lucide-react'
import type { Codebase } from '@/api/types'
import { Menu, MenuItem } from '@/components/ui/menu'
import { copyText, saveBlob, withErrorToast } from '@/lib/download'
import { useProjectScope } from '@/lib/project-scope'
import { schemasQuery, schemaText, type SchemaFormat } from './api'

const FORMATS: readonly { format: SchemaFormat; label: string; ending: string }[] = [
  { format: 'sql', label: 'SQL', ending: 'sql' },
  { format: 'dbml', label: 'DBML', ending: 'dbml' },
  { format: 'mermaid', label: 'Mermaid', ending: 'mmd' },
  { format: 'json', label: 'JSON', ending: 'json' },
]

export function SchemaExport({ codebase }: { codebase: Codebase }) {
  const { project } = useProjectScope()
  const schemas = useQuery(schemasQuery(project.id)).data ?? []
  const id = schemas.find((schema) => schema.codebase_id === codebase.id)?.id
  if (!id) return null
  const actions = [
    { verb: 'Copy', icon: Copy, run: async (format: SchemaFormat, label: string) => copyText(await schemaText(id, format), label) },
    {
      verb: 'Download',
      icon: Download,
      run: async (format: SchemaFormat, _: string, ending: string) => saveBlob(new Blob([await schemaText(id, format)], { type: 'text/plain' }), `${codebase.name}.${ending}`),
    },
  ] as const
  return actions.map(({ verb, icon: Icon, run }) => (
    <Menu
      key={verb}
      align="end"
      trigger={
        <button type="button" className="btn" aria-label={`${verb} the schema`}>
          <Icon className="i" aria-hidden="true" />
          <span className="hide-p">{verb}</span>
        </button>
      }
    >
      {FORMATS.map(({ format, label, ending }) => (
        <MenuItem key={format} onSelect={() => void withErrorToast(() => run(format, label, ending))}>
          {label}
        </MenuItem>
      ))}
    </Menu>
  ))
}
