// Owns what the page of extensions shows: the order, the search, and the changes that are possible.
import type { Extension } from '@/api/types'

export type Action = 'install' | 'update' | 'remove'

/** The changes that the server would accept. */
export const actionsOf = (extension: Extension): Action[] => {
  if (extension.installed === null) return extension.refused === null ? ['install'] : []
  return extension.outdated ? ['update', 'remove'] : ['remove']
}

/** Those whose name or description contains the text; installed ones first. */
export function matching(extensions: readonly Extension[], text: string): Extension[] {
  const wanted = text.trim().toLowerCase()
  const matches = extensions.filter((item) => `${item.name} ${item.description}`.toLowerCase().includes(wanted))
  return [...matches.filter((item) => item.installed !== null), ...matches.filter((item) => item.installed === null)]
}
