import { afterEach, expect, test, vi } from 'vitest'
import type { Session } from '@/api/types'
import { renewSession, session, setSession } from '@/lib/session'
import { queryClient } from './query-client'

const SESSION = { access_token: 'token', expires_in: 600 } as Session

function withData(): void {
  setSession(SESSION)
  queryClient.setQueryData(['rows'], ['secret'])
  localStorage.setItem('headwater.sql.1', 'SELECT 1')
}

afterEach(() => vi.unstubAllGlobals())

test('a session that has ended by itself leaves nothing in the page and the browser', async () => {
  withData()
  vi.stubGlobal('fetch', async () => new Response('{}', { status: 401 }))
  expect(await renewSession()).toBeNull()
  expect(queryClient.getQueryData(['rows'])).toBeUndefined()
  expect(localStorage.getItem('headwater.sql.1')).toBeNull()
})

test('what a visitor is shown goes on loading', async () => {
  setSession(null)
  vi.stubGlobal('fetch', async () => new Response('{}', { status: 401 }))
  let answer: (value: string) => void = () => undefined
  const offer = queryClient.fetchQuery({ queryKey: ['offer'], queryFn: () => new Promise<string>((resolve) => (answer = resolve)) })
  expect(await renewSession()).toBeNull()
  answer('invited')
  await offer
  expect(queryClient.getQueryData(['offer'])).toBe('invited')
})

test('a server that is busy or down ends no session', async () => {
  for (const status of [429, 503]) {
    withData()
    vi.stubGlobal('fetch', async () => new Response('{}', { status }))
    await expect(renewSession()).rejects.toThrow('could not renew')
    expect(session()).toBe(SESSION)
    expect(queryClient.getQueryData(['rows'])).toEqual(['secret'])
    expect(localStorage.getItem('headwater.sql.1')).toBe('SELECT 1')
  }
})
