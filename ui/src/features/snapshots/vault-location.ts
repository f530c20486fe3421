// Owns the location of a vault in words.
import type { Vault } from '@/api/types'

export function locationOf(vault: Vault): string {
  if (vault.kind === 'local') return vault.folder || 'Local disk of this server'
  return [vault.bucket, vault.prefix].filter(Boolean).join('/')
}
