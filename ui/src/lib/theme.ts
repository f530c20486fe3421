// Owns the theme: the system's choice until the user picks one, which this browser then remembers.
import { useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark'

const KEY = 'headwater.theme'
const listeners = new Set<() => void>()
const system = window.matchMedia('(prefers-color-scheme: dark)')

function shown(): Theme {
  const root = document.documentElement.classList
  if (root.contains('dark')) return 'dark'
  if (root.contains('light')) return 'light'
  return system.matches ? 'dark' : 'light'
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  system.addEventListener('change', listener)
  return () => {
    listeners.delete(listener)
    system.removeEventListener('change', listener)
  }
}

/** Shows a theme and remembers it. */
export function setTheme(theme: Theme): void {
  document.documentElement.classList.remove('light', 'dark')
  document.documentElement.classList.add(theme)
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // Storage can be switched off: the choice then lasts as long as the page.
  }
  for (const listener of listeners) listener()
}

/** The theme on screen. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, shown)
}
