// Owns the token of a link that was opened: taken from the address, so that it stays in no history, and kept for this tab.

/** Takes the token out of the address, if there is one, and returns the one of this tab. */
export function takeToken(purpose: string): string {
  const name = `headwater.${purpose}`
  const token = window.location.hash.slice(1)
  if (token) {
    sessionStorage.setItem(name, token)
    window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search)
  }
  return sessionStorage.getItem(name) ?? ''
}

/** Forgets the token: it was used. */
export function forgetToken(purpose: string): void {
  sessionStorage.removeItem(`headwater.${purpose}`)
}
