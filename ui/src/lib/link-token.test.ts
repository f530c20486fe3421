import { afterEach, describe, expect, it } from 'vitest'
import { forgetToken, takeToken } from './link-token'

afterEach(() => {
  sessionStorage.clear()
  window.history.replaceState(null, '', '/')
})

describe('the token of a link', () => {
  it('leaves the address, and stays for this tab until it is used', () => {
    window.history.replaceState(null, '', '/invite?x=1#secret')
    expect(takeToken('invitation')).toBe('secret')
    expect(window.location.href).not.toContain('secret')
    expect(window.location.search).toBe('?x=1')
    expect(takeToken('invitation')).toBe('secret')
    expect(takeToken('reset')).toBe('')
    forgetToken('invitation')
    expect(takeToken('invitation')).toBe('')
  })
})
