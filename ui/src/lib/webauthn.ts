// Owns the browser's side of passkeys: creating and using them, as JSON in and out.

/** Why the browser has no passkeys here, or null: they belong to a host name. */
export function whyNoPasskeys(host: string = window.location.hostname): string | null {
  if (/^[\d.]+$|^\[/.test(host)) return 'Passkeys need a host name: open Headwater by its name, or as localhost.'
  if (typeof PublicKeyCredential === 'undefined' || !('parseCreationOptionsFromJSON' in PublicKeyCredential)) return 'This browser has no passkeys, or the page is not secure.'
  return null
}

export type CredentialJson = Record<string, unknown>

/** The message of what went wrong in the browser; most of it is that nobody confirmed. */
function failure(error: unknown): Error {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'InvalidStateError') return new Error('This device has a passkey of your account already.')
  if (name === 'NotAllowedError' || name === 'AbortError') return new Error('No passkey was used: it was cancelled, or took too long.')
  return error instanceof Error ? error : new Error(String(error))
}

async function asJson(credential: Promise<Credential | null>): Promise<CredentialJson> {
  try {
    return (await credential as PublicKeyCredential).toJSON() as CredentialJson
  } catch (error) {
    throw failure(error)
  }
}

/** Creates a passkey on this device, or on another one that the browser offers. */
export function createPasskey(options: object): Promise<CredentialJson> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON)
  return asJson(navigator.credentials.create({ publicKey }))
}

/** Uses a passkey that the user chooses. */
export function getPasskey(options: object): Promise<CredentialJson> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON)
  return asJson(navigator.credentials.get({ publicKey }))
}
