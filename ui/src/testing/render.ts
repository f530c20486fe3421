// Owns rendering a component in a test, with React's own means, so that no further package is needed.
import { act, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { onTestFinished } from 'vitest'

declare global {
  var IS_REACT_ACT_ENVIRONMENT: boolean
}

/** Renders a component; returns its container, and a way to render it with other properties. */
export function render(node: ReactNode): { container: HTMLElement; rerender: (node: ReactNode) => void } {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true
  const container = document.body.appendChild(document.createElement('div'))
  const root = createRoot(container)
  const rerender = (next: ReactNode) => act(() => root.render(next))
  rerender(node)
  onTestFinished(() => {
    act(() => root.unmount())
    container.remove()
  })
  return { container, rerender }
}

/** Clicks the first element that a selector matches; fails the test when there is none. */
export function click(container: HTMLElement, selector: string): void {
  const found = container.querySelector(selector)
  if (found === null) throw new Error(`nothing matches ${selector}`)
  act(() => {
    found.dispatchEvent(new MouseEvent('click', { bubbles: true }))
  })
}
