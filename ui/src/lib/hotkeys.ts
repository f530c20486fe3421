// Owns keyboard shortcuts: single keys and two-key sequences, silent while the user types or a dialog is open.
import { useEffect, useRef } from 'react'

export type Hotkeys = Record<string, (event: KeyboardEvent) => void>

const SEQUENCE_MS = 1200

/** True where letters are text, not commands. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}

/** "mod+k" for Ctrl or Cmd with k, else the key as it is. */
export function keyName(event: KeyboardEvent): string {
  return event.metaKey || event.ctrlKey ? `mod+${event.key.toLowerCase()}` : event.key
}

/** How a chord is written on this machine: "Ctrl K" or "⌘K". */
export function chord(key: string): string {
  return navigator.platform.startsWith('Mac') ? `⌘${key}` : `Ctrl ${key}`
}

/** Listens while the component is shown; "g l" is a sequence, "mod+k" works in fields too. */
export function useHotkeys(hotkeys: Hotkeys): void {
  const latest = useRef(hotkeys)
  const first = useRef<{ key: string; at: number } | null>(null)
  useEffect(() => {
    latest.current = hotkeys
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const key = keyName(event)
      const plain = !key.startsWith('mod+')
      if (event.defaultPrevented || event.altKey) return
      if (plain && (isTyping(event.target) || document.querySelector('[role=dialog], [role=menu]'))) return
      const before = first.current && event.timeStamp - first.current.at < SEQUENCE_MS ? first.current.key : null
      const action = (before && latest.current[`${before} ${key}`]) || latest.current[key]
      first.current = action || !plain ? null : { key, at: event.timeStamp }
      if (!action) return
      event.preventDefault()
      action(event)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
