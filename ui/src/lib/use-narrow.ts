// Owns the one question about the screen that CSS cannot answer: is it narrower than a tablet?
import { useSyncExternalStore } from 'react'

const narrow = window.matchMedia('(max-width: 760px)')

function subscribe(listener: () => void): () => void {
  narrow.addEventListener('change', listener)
  return () => narrow.removeEventListener('change', listener)
}

/** True below 760 px. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => narrow.matches)
}
