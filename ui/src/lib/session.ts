// Owns the access token: in memory only, renewed through the refresh cookie, shared by every request.
import type { Session, User } from '@/api/types'

type Listener = () => void

let current: Session | null = null
let renewing: Promise<Session | null> | null = null
const listeners = new Set<Listener>()

/** The signed-in session, or null. */
export function session(): Session | null {
  return current
}

/** The signed-in user, or null. */
export function signedInUser(): User | null {
  return current?.user ?? null
}

/** Replaces the session (null signs out) and tells the listeners. */
export function setSession(next: Session | null): void {
  current = next
  for (const listener of listeners) listener()
}

/** Calls the listener on each change; returns how to stop. */
export function onSession(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

async function requestSession(): Promise<Session | null> {
  const response = await fetch('/api/v1/auth/refresh', { method: 'POST', credentials: 'same-origin' })
  if (response.ok) return (await response.json()) as Session
  if (response.status === 401 || response.status === 403) return null
  throw new TypeError('The server could not renew the session.')
}

/** Renews the session by the cookie; calls at the same time share one request, since the cookie rotates. */
export function renewSession(): Promise<Session | null> {
  renewing ??= requestSession()
    .then((next) => {
      setSession(next)
      return next
    })
    .finally(() => {
      renewing = null
    })
  return renewing
}
