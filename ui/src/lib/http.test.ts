import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { api, everyPage, withQuery } from './http'
import { ApiError } from './problem'
import { session, setSession } from './session'

const user = { id: 'u', email: 'a@b.c', name: 'A', is_admin: false, created_at: '2026-11-21T00:00:00Z' }
const signedIn = (token: string) => ({ user, access_token: token, expires_in: 900 })
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status })

interface Call {
  url: string
  token: string | null
}

/** A server that knows one good token, and hands it out on refresh. */
function server(good: string, refreshes = true): Call[] {
  const calls: Call[] = []
  vi.stubGlobal('fetch', (url: string, init: RequestInit = {}) => {
    const token = new Headers(init.headers).get('Authorization')
    calls.push({ url, token })
    if (url.endsWith('/auth/refresh')) return Promise.resolve(refreshes ? json(signedIn(good)) : json({ status: 401 }, 401))
    return Promise.resolve(token === `Bearer ${good}` ? json({ ok: true }) : json({ title: 'Unauthorized' }, 401))
  })
  return calls
}

beforeEach(() => setSession(signedIn('old')))
afterEach(() => vi.unstubAllGlobals())

describe('the API client', () => {
  it('renews the token once after a 401 and tries again', async () => {
    const calls = server('new')
    expect(await api.get('/projects')).toEqual({ ok: true })
    expect(calls.map((call) => call.token)).toEqual(['Bearer old', null, 'Bearer new'])
    expect(session()?.access_token).toBe('new')
  })

  it('shares one refresh between requests at the same time, since the cookie rotates', async () => {
    const calls = server('new')
    await Promise.all([api.get('/a'), api.get('/b'), api.get('/c')])
    expect(calls.filter((call) => call.url.endsWith('/auth/refresh'))).toHaveLength(1)
  })

  it('gives up, signed out, when the cookie is refused', async () => {
    server('new', false)
    await expect(api.get('/projects')).rejects.toMatchObject({ status: 401 })
    expect(session()).toBeNull()
  })

  it('tells a problem with its hint and its fields', async () => {
    const problem = { title: 'Invalid', status: 422, detail: 'The name is taken.', hint: 'Choose another.', errors: [{ field: 'name', message: 'taken' }] }
    vi.stubGlobal('fetch', () => Promise.resolve(json(problem, 422)))
    const error = await api.post('/projects', {}).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ message: 'The name is taken.', hint: 'Choose another.', fields: { name: 'taken' } })
  })

  it('says what to do when the server does not answer', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    await expect(api.get('/projects')).rejects.toMatchObject({ code: 'unreachable' })
  })
})

describe('withQuery', () => {
  it('leaves empty values out and repeats lists', () => {
    expect(withQuery('/x', { q: '', depth: 1, usage_type: ['read', 'write'], cursor: null })).toBe('/x?depth=1&usage_type=read&usage_type=write')
  })
})

describe('everyPage', () => {
  it('follows the cursor to the end', async () => {
    vi.stubGlobal('fetch', (url: string) => Promise.resolve(url.includes('cursor=2') ? json({ items: [3], next: null }) : json({ items: [1, 2], next: '2' })))
    expect(await everyPage('/x')).toEqual([1, 2, 3])
  })
})
