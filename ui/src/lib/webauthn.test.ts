import { afterEach, describe, expect, it, vi } from 'vitest'
import { createPasskey, getPasskey, whyNoPasskeys } from './webauthn'

afterEach(() => vi.unstubAllGlobals())

function browserWith(credentials: object): void {
  vi.stubGlobal('PublicKeyCredential', { parseCreationOptionsFromJSON: (options: unknown) => options, parseRequestOptionsFromJSON: (options: unknown) => options })
  vi.stubGlobal('navigator', { credentials })
}

describe('passkeys of a browser', () => {
  it('need a name, and a browser that knows them', () => {
    expect(whyNoPasskeys('127.0.0.1')).toContain('host name')
    expect(whyNoPasskeys('[::1]')).toContain('host name')
    expect(whyNoPasskeys('localhost')).toContain('This browser')
    browserWith({})
    expect(whyNoPasskeys('localhost')).toBeNull()
    expect(whyNoPasskeys('10.example.org')).toBeNull()
  })
  it('are JSON', async () => {
    browserWith({ create: async () => ({ toJSON: () => ({ id: 'a' }) }), get: async () => ({ toJSON: () => ({ id: 'b' }) }) })
    await expect(createPasskey({})).resolves.toEqual({ id: 'a' })
    await expect(getPasskey({})).resolves.toEqual({ id: 'b' })
  })
  it('say in a sentence why there is none', async () => {
    browserWith({ create: () => Promise.reject(new DOMException('x', 'InvalidStateError')), get: () => Promise.reject(new DOMException('x', 'NotAllowedError')) })
    await expect(createPasskey({})).rejects.toThrow('already')
    await expect(getPasskey({})).rejects.toThrow('cancelled')
  })
})
