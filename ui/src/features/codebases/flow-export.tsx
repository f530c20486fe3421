// Owns the menu that saves the drawing as a file.
import { Download } from 'lucide-react'
import { Menu, MenuItem } from '@/components/ui/menu'
import { saveBlob, withErrorToast } from '@/lib/download'
import type { Positions } from '@/lib/flow-layout'
import type { FlowModel } from '@/lib/flow-model'
import { flowPng, flowSvg } from '@/lib/flow-svg'
import { useTheme } from '@/lib/theme'

interface FlowExportProps {
  model: FlowModel
  positions: Positions
  title: string
  subtitle: string
}

/** "Lineage of users.email" -> "lineage-of-users-email". */
export const fileName = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80)

export function FlowExport({ model, positions, title, subtitle }: FlowExportProps) {
  const theme = useTheme()
  const picture = { model, positions, title, subtitle, theme }
  return (
    <Menu
      align="end"
      trigger={
        <button type="button" className="btn" aria-label="Export the diagram">
          <Download className="i" aria-hidden="true" />
          Export
        </button>
      }
    >
      <MenuItem onSelect={() => saveBlob(new Blob([flowSvg(picture)], { type: 'image/svg+xml' }), `${fileName(title)}.svg`)}>SVG, with text that can be searched</MenuItem>
      <MenuItem onSelect={() => void withErrorToast(async () => saveBlob(await flowPng(picture), `${fileName(title)}.png`))}>PNG</MenuItem>
    </Menu>
  )
}
