import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import type { Job, Project } from '@/api/types'
import { api, everyPage, keepSlashes, queryText, upload } from './http'
import { ApiError } from './problem'
import { session, setSession } from './session'

const user = { id: 'u', email: 'a@b.c', name: 'A', is_admin: false, created_at: '2026-11-21T00:00:00Z' }
const signedIn = (token: string) => ({ user, access_token: token, expires_in: 900 })
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status })

interface Call {
  url: string
  token: string | null
  body: string
}

/** A server that knows one good token, and gives it to whoever refreshes. */
function server(good: string, refreshes = true): Call[] {
  const calls: Call[] = []
  vi.stubGlobal('fetch', async (input: string | Request) => {
    const request = typeof input === 'string' ? null : input
    const url = new URL(typeof input === 'string' ? input : input.url, window.location.origin).pathname
    const token = request?.headers.get('Authorization') ?? null
    calls.push({ url, token, body: request ? await request.text() : '' })
    if (url.endsWith('/auth/refresh')) return refreshes ? json(signedIn(good)) : json({ status: 401 }, 401)
    return token === `Bearer ${good}` ? json({ ok: true }) : json({ title: 'Unauthorized' }, 401)
  })
  return calls
}

const answers = (answer: (url: URL) => Response) => vi.stubGlobal('fetch', (request: Request) => Promise.resolve(answer(new URL(request.url, window.location.origin))))

beforeEach(() => setSession(signedIn('old')))
afterEach(() => vi.unstubAllGlobals())

describe('the API client', () => {
  it('renews the token once after a 401 and sends the request again with its body', async () => {
    const calls = server('new')
    expect(await api.post('/projects', { body: { name: 'Shop' } })).toEqual({ ok: true })
    expect(calls.map((call) => call.token)).toEqual(['Bearer old', null, 'Bearer new'])
    expect(calls.map((call) => call.body)).toEqual(['{"name":"Shop"}', '', '{"name":"Shop"}'])
    expect(session()?.access_token).toBe('new')
  })

  it('shares one refresh between concurrent requests, since the cookie rotates', async () => {
    const calls = server('new')
    await Promise.all([api.get('/projects'), api.get('/engines'), api.get('/keys')])
    expect(calls.filter((call) => call.url.endsWith('/auth/refresh'))).toHaveLength(1)
  })

  it('gives up, signed out, when the cookie is refused', async () => {
    server('new', false)
    await expect(api.get('/projects')).rejects.toMatchObject({ status: 401 })
    expect(session()).toBeNull()
  })

  it('throws a problem with its hint and its fields', async () => {
    const problem = { title: 'Invalid', status: 422, detail: 'The name is taken.', hint: 'Choose another.', errors: [{ field: 'name', message: 'taken' }] }
    answers(() => json(problem, 422))
    const error = await api.post('/projects', { body: { name: '' } }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ message: 'The name is taken.', hint: 'Choose another.', fields: { name: 'taken' } })
  })

  it('says what to do when the server does not answer', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    await expect(api.get('/projects')).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('lets an aborted request be an aborted request', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new DOMException('stopped', 'AbortError')))
    await expect(api.get('/projects')).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('escapes what stands in a path, and keeps the slashes of a file only when asked to', async () => {
    const urls: string[] = []
    answers((url) => {
      urls.push(url.pathname + url.search)
      return json({ items: [] })
    })
    await api.get('/snapshots/{snapshot_id}/tables/{table}/rows', { params: { path: { snapshot_id: 's1', table: 'a/b c' }, query: { limit: 5 } } })
    await api.get('/codebases/{codebase_id}/files/{path}', { params: { path: { codebase_id: 'c1', path: 'src/a b.py' } }, pathSerializer: keepSlashes })
    expect(urls).toEqual(['/api/v1/snapshots/s1/tables/a%2Fb%20c/rows?limit=5', '/api/v1/codebases/c1/files/src/a%20b.py'])
  })

  it('gives nothing where a response has no body', async () => {
    answers(() => new Response(null, { status: 204 }))
    expect(await api.delete('/projects/{project_id}', { params: { path: { project_id: 'p1' } } })).toBeUndefined()
  })
})

describe('queryText', () => {
  it('leaves empty values out and repeats lists', () => {
    expect(queryText({ q: '', depth: 1, usage_type: ['read', 'write'], cursor: null })).toBe('depth=1&usage_type=read&usage_type=write')
  })
})

describe('everyPage', () => {
  it('follows the cursor to the end, or to the cap', async () => {
    const read = vi.fn((cursor: string | null) => Promise.resolve(cursor === '2' ? { items: [3], next: null } : { items: [1, 2], next: '2' }))
    expect(await everyPage(read)).toEqual([1, 2, 3])
    expect(read.mock.calls).toEqual([[null], ['2']])
    expect(await everyPage(read, 2)).toEqual([1, 2])
  })
})

/** Never called: tsc fails when one of these lines no longer has the error, so a wrong request cannot be written. */
export async function wrongRequests() {
  const params = { path: { database_id: 'd1' } }
  // @ts-expect-error -- no such path
  await api.get('/projets')
  // @ts-expect-error -- the path has no such method
  await api.put('/projects', { body: { name: 'x' } })
  // @ts-expect-error -- the path's parameter is missing
  await api.get('/databases/{database_id}')
  // @ts-expect-error -- the path's parameter has another name
  await api.get('/databases/{database_id}', { params: { path: { id: 'd1' } } })
  // @ts-expect-error -- no such query parameter, though the others are right
  await api.get('/jobs', { params: { query: { limit: 5, projet: 'p1' } } })
  // @ts-expect-error -- a query parameter of another type
  await api.get('/jobs', { params: { query: { limit: 'five' } } })
  // @ts-expect-error -- no such choice
  await api.get('/jobs', { params: { query: { state: 'asleep' } } })
  // @ts-expect-error -- the body is missing
  await api.post('/databases/{database_id}/query', { params })
  // @ts-expect-error -- a required field of the body is missing
  await api.post('/databases/{database_id}/rows', { params, body: { limit: 10 } })
  // @ts-expect-error -- the body has no such field
  await api.post('/databases/{database_id}/rows', { params, body: { table: 'a', filter: [] } })
  // @ts-expect-error -- a field of another type
  await api.post('/databases/{database_id}/query', { params, body: { text: 1 } })
  // @ts-expect-error -- the path takes no body
  await api.post('/databases/{database_id}/deletion/undo', { params, body: { text: 'x' } })
  // @ts-expect-error -- the path takes no file
  await upload('/databases/{database_id}/query', params, new File([], 'a.csv'))
  // @ts-expect-error -- no such query parameter of an upload
  await upload('/databases/{database_id}/migrations/import', { ...params, query: { aplied: true } }, new File([], 'a.zip'))
}

describe('the types of answers', () => {
  it('are those of the API', () => {
    expectTypeOf<Awaited<ReturnType<typeof api.get<'/jobs/{job_id}'>>>>().toEqualTypeOf<Job>()
    expectTypeOf<Awaited<ReturnType<typeof api.post<'/projects'>>>>().toEqualTypeOf<Project>()
    expectTypeOf<Awaited<ReturnType<typeof api.delete<'/projects/{project_id}'>>>>().toEqualTypeOf<void>()
  })
})
