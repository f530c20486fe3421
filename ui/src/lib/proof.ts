// Owns asking for the password again, before what destroys or reveals: one question at a time, whoever asks.
type Asker = () => Promise<boolean>

let asker: Asker | null = null
let asking: Promise<boolean> | null = null

/** Says who asks; returns how to stop. */
export function onProofNeeded(next: Asker): () => void {
  asker = next
  return () => {
    if (asker === next) asker = null
  }
}

/** Asks, and tells whether the user has proven to be that user; requests at the same time share the question. */
export function askProof(): Promise<boolean> {
  if (asker === null) return Promise.resolve(false)
  asking ??= asker().finally(() => {
    asking = null
  })
  return asking
}

/** Whether the server asks for a proof. */
export async function needsProof(response: Response): Promise<boolean> {
  if (response.status !== 403) return false
  const body: unknown = await response.clone().json().catch(() => null)
  return body !== null && typeof body === 'object' && 'code' in body && body.code === 'proof_needed'
}
