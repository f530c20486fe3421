// Owns what a provider sends with the browser: read once, and taken out of the address; and the news of a proof in another window.

export type FlowPurpose = 'sign_in' | 'link' | 'proof'

/** What stands in the address when a provider leads back here. */
export interface ProviderAnswer {
  state: string
  code: string
  iss: string
  error: string
}

/** Reads an answer from the search part of an address. */
export function answerIn(search: string): ProviderAnswer {
  const given = new URLSearchParams(search)
  const part = (name: string) => given.get(name) ?? ''
  return { state: part('state'), code: part('code'), iss: part('iss'), error: part('error') }
}

/** Takes the answer out of the address, so that it stays in no history. */
export function takeAnswer(): ProviderAnswer {
  const answer = answerIn(window.location.search)
  window.history.replaceState(window.history.state, '', window.location.pathname)
  return answer
}

/** What a flow was begun for: its state says so; anything else is a sign-in, which the server then refuses. */
export function purposeOf(state: string): FlowPurpose {
  const [purpose] = state.split('.')
  return purpose === 'link' || purpose === 'proof' ? purpose : 'sign_in'
}

const CHANNEL = 'headwater.proof'

/** Tells the other windows that the session was proven. */
export function announceProof(): void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.postMessage('proven')
  channel.close()
}

/** Calls when another window has proven the session; returns how to stop. */
export function onProofElsewhere(listener: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = listener
  return () => channel.close()
}
