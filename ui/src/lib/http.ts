// Owns every request to the API: typed by the server's OpenAPI, with the bearer token, one retry after a renewed token
// or a proof, and errors as ApiError.
import createClient, { defaultPathSerializer, type ClientPathsWithMethod, type MaybeOptionalInit } from 'openapi-fetch'
import type { paths } from '@/api/schema'
import { ApiError, asApiError, errorFrom } from './problem'
import { askProof, needsProof } from './proof'
import { renewSession, session } from './session'

const BASE = '/api/v1'

/** The paths of the API without their common prefix. */
type ApiPaths = { [Path in keyof paths as Path extends `${typeof BASE}${infer Rest}` ? Rest : never]: paths[Path] }

type Query = Record<string, unknown>

/** The query as text; empty values are left out and lists repeat their name. */
export function queryText(query: Query): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && item !== undefined && item !== '') search.append(name, String(item))
    }
  }
  return search.toString()
}

function authorized(request: Request): Request {
  const token = session()?.access_token
  if (token) request.headers.set('Authorization', `Bearer ${token}`)
  return request
}

/** fetch() with the bearer token; what the server asks a proof for is tried once more after it was given. */
async function authorizedFetch(request: Request): Promise<Response> {
  const retry = request.clone()
  const response = await renewingFetch(request)
  return (await needsProof(response)) && (await askProof()) ? renewingFetch(retry) : response
}

/** A 401 is tried once more with a renewed token. */
async function renewingFetch(request: Request): Promise<Response> {
  // A body can be read only once, so the second attempt needs a copy of the request.
  const retry = request.clone()
  const response = await fetch(authorized(request))
  if (response.status !== 401 || session() === null) return response
  const renewed = await renewSession()
  return renewed ? fetch(authorized(retry)) : response
}

const client = createClient<ApiPaths>({ baseUrl: BASE, fetch: authorizedFetch, querySerializer: queryText })

client.use({
  async onResponse({ response }) {
    if (!response.ok) throw await errorFrom(response)
  },
  onError({ error }) {
    return error instanceof DOMException && error.name === 'AbortError' ? undefined : asApiError(error)
  },
})

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type PathOf<M extends Method> = ClientPathsWithMethod<typeof client, M>
// Of each path by itself: an argument of this type is checked for names that the path does not have.
type RequestOf<M extends Method, Path extends PathOf<M>> = MaybeOptionalInit<ApiPaths[Path], M>
type Arguments<M extends Method, Path extends PathOf<M>> = undefined extends RequestOf<M, Path> ? [request?: RequestOf<M, Path>] : [request: RequestOf<M, Path>]
type Responses<M extends Method, Path extends PathOf<M>> = ApiPaths[Path] extends Record<M, { responses: infer Found }> ? Found : never
type Content<Response> = Response extends { content: infer Found } ? Found[keyof Found] : never
type Body<M extends Method, Path extends PathOf<M>> = Content<Responses<M, Path>[(200 | 201 | 202) & keyof Responses<M, Path>]>
/** The body of a successful response; nothing where there is none. */
export type Answer<M extends Method, Path extends PathOf<M>> = [Body<M, Path>] extends [never] ? void : Body<M, Path>

type ParseAs = 'json' | 'text' | 'blob' | 'stream'

async function send(method: Method, path: string, request: object | undefined, parseAs: ParseAs): Promise<unknown> {
  // The signatures below have checked path and request together, which TypeScript cannot follow through a variable method.
  const { data } = await client.request(method, path as never, { ...request, parseAs } as never)
  return data
}

const json =
  <M extends Method>(method: M) =>
  <Path extends PathOf<M>>(path: Path, ...[request]: Arguments<M, Path>) =>
    send(method, path, request, 'json') as Promise<Answer<M, Path>>

const as =
  <M extends Method, Content>(method: M, parseAs: ParseAs) =>
  <Path extends PathOf<M>>(path: Path, ...[request]: Arguments<M, Path>) =>
    send(method, path, request, parseAs) as Promise<Content>

/** One function a method: each takes a path of the API with its parameters, query and body, and throws an ApiError. */
export const api = {
  get: json('get'),
  post: json('post'),
  put: json('put'),
  patch: json('patch'),
  delete: json('delete'),
  getText: as<'get', string>('get', 'text'),
  getBlob: as<'get', Blob>('get', 'blob'),
  postBlob: as<'post', Blob>('post', 'blob'),
  getStream: as<'get', ReadableStream<Uint8Array<ArrayBuffer>> | null>('get', 'stream'),
}

/** Path parameters in which a slash separates names and is no part of one. */
export const keepSlashes: typeof defaultPathSerializer = (path, parameters) => defaultPathSerializer(path, parameters).replaceAll('%2F', '/')

/** Reads every page of a list, at most `cap` items. */
export async function everyPage<T>(read: (cursor: string | null) => Promise<{ items: T[]; next: string | null }>, cap = 20_000): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const page = await read(cursor)
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== null && items.length < cap)
  return items
}

type FormBody = { content: { 'multipart/form-data': { file: string } } }
type BodyOf<Path extends PathOf<'post'>> = ApiPaths[Path] extends { post: { requestBody?: infer Sent } } ? NonNullable<Sent> : never
/** The paths that take a file. */
type UploadPath = { [Path in PathOf<'post'>]: [BodyOf<Path>] extends [never] ? never : BodyOf<Path> extends FormBody ? Path : never }[PathOf<'post'>]

/** Sends a file with progress, which fetch() cannot report. */
export async function upload<Path extends UploadPath>(
  path: Path,
  { path: parameters, query }: ApiPaths[Path]['post']['parameters'],
  file: File,
  onProgress: (share: number) => void = () => undefined,
): Promise<Answer<'post', Path>> {
  // The body can be sent only once, so the token is renewed before a long upload instead of after a 401.
  await renewSession()
  const form = new FormData()
  form.append('file', file)
  const search = queryText(query ?? {})
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', BASE + defaultPathSerializer(path, parameters) + (search && `?${search}`))
    const token = session()?.access_token
    if (token) request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total)
    }
    request.onerror = () => reject(asApiError(new TypeError('upload')))
    request.onload = () => {
      if (request.status < 300) return resolve(JSON.parse(request.responseText) as Answer<'post', Path>)
      void errorFrom(new Response(request.responseText, { status: request.status })).then(reject)
    }
    request.send(form)
  })
}

/** True when the server no longer knows the session. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401
}
