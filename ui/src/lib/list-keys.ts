// Owns moving through a list by keyboard: j and k or the arrows go from one [data-row] to the next.
import { useRef } from 'react'
import { useHotkeys } from './hotkeys'

function move(list: HTMLElement | null, step: number): void {
  if (list === null) return
  const rows = [...list.querySelectorAll<HTMLElement>('[data-row]')]
  const now = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement))
  const next = now < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, now + step))
  rows[next]?.focus()
}

/** The ref of the list whose rows take the focus. */
export function useListKeys<T extends HTMLElement = HTMLTableElement>() {
  const list = useRef<T>(null)
  const down = () => move(list.current, 1)
  const up = () => move(list.current, -1)
  useHotkeys({ j: down, ArrowDown: down, k: up, ArrowUp: up })
  return list
}
