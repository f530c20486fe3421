// Owns every request to the API: the bearer token, one retry after a refreshed token, and errors as ApiError.
import { ApiError, asApiError, errorFrom } from './problem'
import { renewSession, session } from './session'

type Value = string | number | boolean | null | undefined
export type Query = Record<string, Value | readonly string[]>

const BASE = '/api/v1'

/** The path with its query; empty values are left out and lists repeat their name. */
export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue
    for (const item of Array.isArray(value) ? value : [value]) search.append(name, String(item))
  }
  const text = search.toString()
  return text ? `${path}?${text}` : path
}

function authorized(init: RequestInit): RequestInit {
  const headers = new Headers(init.headers)
  const token = session()?.access_token
  if (token) headers.set('Authorization', `Bearer ${token}`)
  return { ...init, headers, credentials: 'same-origin' }
}

/** fetch() with the bearer token; a 401 is tried once more with a renewed token. */
export async function authedFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, authorized(init))
  if (response.status !== 401 || session() === null) return response
  const renewed = await renewSession()
  return renewed ? fetch(url, authorized(init)) : response
}

async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const init: RequestInit = { method, signal: signal ?? null }
  if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { 'Content-Type': 'application/json' }
  }
  try {
    const response = await authedFetch(BASE + path, init)
    if (!response.ok) throw await errorFrom(response)
    return response
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw asApiError(error)
  }
}

async function sendJson<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(method, path, body, signal)
  return (response.status === 204 ? undefined : await response.json()) as T
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => sendJson<T>('GET', withQuery(path, query), undefined, signal),
  post: <T>(path: string, body?: unknown, signal?: AbortSignal) => sendJson<T>('POST', path, body, signal),
  put: <T>(path: string, body: unknown) => sendJson<T>('PUT', path, body),
  patch: <T>(path: string, body: unknown) => sendJson<T>('PATCH', path, body),
  delete: (path: string) => sendJson<void>('DELETE', path),
  text: async (path: string, query?: Query) => (await send('GET', withQuery(path, query))).text(),
  download: async (path: string, body: unknown) => (await send('POST', path, body)).blob(),
  blob: async (path: string, query?: Query) => (await send('GET', withQuery(path, query))).blob(),
}

/** Reads every page of a list, at most `cap` items. */
export async function everyPage<T>(path: string, query: Query = {}, cap = 20_000, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const page: { items: T[]; next: string | null } = await api.get(path, { ...query, cursor }, signal)
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== null && items.length < cap)
  return items
}

/** A request with upload progress, which fetch() cannot tell: resolves with the parsed answer. */
export async function upload<T>(path: string, form: FormData, onProgress: (part: number) => void): Promise<T> {
  // The body can be sent only once, so the token is renewed before a long upload instead of after a 401.
  await renewSession()
  return new Promise<T>((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', BASE + path)
    const token = session()?.access_token
    if (token) request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total)
    }
    request.onerror = () => reject(asApiError(new TypeError('upload')))
    request.onload = () => {
      if (request.status < 300) return resolve(JSON.parse(request.responseText) as T)
      void errorFrom(new Response(request.responseText, { status: request.status })).then(reject)
    }
    request.send(form)
  })
}

/** Signs out here when the server no longer knows the session. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401
}
