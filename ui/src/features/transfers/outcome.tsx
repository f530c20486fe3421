// Owns what came of an import or export: rows, bad rows, the file.
import type { Transfer } from '@/api/types'

export function Outcome({ transfer }: { transfer: Transfer }) {
  return transfer.kind === 'copy' ? null : null
}
