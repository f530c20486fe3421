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
  const found = container.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`nothing matches ${selector}`)
  tap(found)
}

/** Clicks an element. */
export function tap(element: Element): void {
  act(() => {
    element.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))
  })
}

/** The text of an element as it is read out: without what is hidden from it. */
export function spoken(element: Element): string {
  const copy = element.cloneNode(true) as Element
  for (const hidden of copy.querySelectorAll('[aria-hidden=true]')) hidden.remove()
  return copy.textContent.trim()
}

/** The only element of a role with this name: its aria-label, its label or its text. */
export function byRole(container: ParentNode, role: string, name: string): HTMLElement {
  const found = [...container.querySelectorAll<HTMLElement>(SELECTORS[role] ?? `[role=${role}]`)].filter((element) => nameOf(element) === name)
  if (found.length !== 1) throw new Error(`${found.length} elements are ${role} “${name}”`)
  return found[0] as HTMLElement
}

const SELECTORS: Record<string, string> = { button: 'button', link: 'a', textbox: 'input, textarea', checkbox: 'input[type=checkbox]', radio: 'input[type=radio]', combobox: 'select' }

function nameOf(element: HTMLElement): string {
  const label = element.getAttribute('aria-label')
  if (label !== null) return label
  const outer = element.closest('label') ?? (element.id ? document.querySelector(`label[for="${element.id}"]`) : null)
  return spoken(outer ?? element)
}

/** Presses a key on an element; returns whether the component has handled it. */
export function press(element: Element, key: string, modifiers: KeyboardEventInit = {}): boolean {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...modifiers })
  act(() => {
    element.dispatchEvent(event)
  })
  return event.defaultPrevented
}

/** Puts a text into a field or chooses an option, as React hears of it. */
export function fill(element: Element, value: string): void {
  const prototype = element instanceof HTMLSelectElement ? HTMLSelectElement.prototype : element instanceof HTMLTextAreaElement ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype
  act(() => {
    Object.getOwnPropertyDescriptor(prototype, 'value')?.set?.call(element, value)
    element.dispatchEvent(new Event(element instanceof HTMLSelectElement ? 'change' : 'input', { bubbles: true }))
  })
}

/** Waits until the page is in a state; fails with the last error after a second. */
export async function until(check: () => void): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return check()
    } catch (error) {
      if (attempt === 50) throw error
      await act(() => new Promise((resolve) => setTimeout(resolve, 20)))
    }
  }
}
