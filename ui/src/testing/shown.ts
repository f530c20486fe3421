// Owns showing a component in a test and ending it; React's own means, so that no further package is needed.
import { act, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { onTestFinished } from 'vitest'

declare global {
  var IS_REACT_ACT_ENVIRONMENT: boolean
}

/** Shows a component; answers with its box, and a way to show it with other properties. */
export function shown(node: ReactNode): { box: HTMLElement; again: (node: ReactNode) => void } {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true
  const box = document.body.appendChild(document.createElement('div'))
  const root = createRoot(box)
  const again = (next: ReactNode) => act(() => root.render(next))
  again(node)
  onTestFinished(() => {
    act(() => root.unmount())
    box.remove()
  })
  return { box, again }
}

/** Clicks what a selector finds first; a selector that finds nothing fails the test. */
export function click(box: HTMLElement, selector: string): void {
  const found = box.querySelector(selector)
  if (found === null) throw new Error(`nothing is ${selector}`)
  act(() => {
    found.dispatchEvent(new MouseEvent('click', { bubbles: true }))
  })
}
