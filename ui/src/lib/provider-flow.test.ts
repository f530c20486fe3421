import { describe, expect, it } from 'vitest'
import { answerIn, purposeOf } from './provider-flow'

describe('the answer of a provider', () => {
  it('is read as text, whatever it looks like', () => {
    expect(answerIn('?code=42&state=link.a%2Bb&iss=https%3A%2F%2Fidp.test')).toEqual({ code: '42', state: 'link.a+b', iss: 'https://idp.test', error: '' })
    expect(answerIn('')).toEqual({ code: '', state: '', iss: '', error: '' })
  })
  it('says what it is for, and is a sign-in otherwise', () => {
    expect(purposeOf('proof.x')).toBe('proof')
    expect(purposeOf('link.x')).toBe('link')
    expect(purposeOf('sign_in.x')).toBe('sign_in')
    expect(purposeOf('')).toBe('sign_in')
    expect(purposeOf('linkage')).toBe('sign_in')
  })
})
