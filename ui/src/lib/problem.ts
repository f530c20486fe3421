// Owns how a failed request is told: one error class, made from problem+json or from a broken connection.
import type { Problem } from '@/api/types'

export class ApiError extends Error {
  readonly status: number
  readonly hint: string | null
  readonly code: string | null
  readonly fields: Record<string, string>

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title ?? 'The server refused the request.')
    this.name = 'ApiError'
    this.status = problem.status
    this.hint = problem.hint ?? null
    this.code = problem.code ?? null
    this.fields = Object.fromEntries((problem.errors ?? []).map((error) => [error.field, error.message]))
  }
}

const UNREACHABLE: Problem = {
  status: 0,
  detail: 'Headwater is not responding.',
  hint: 'Check that the server is running and that you are online, then try again.',
  code: 'unreachable',
}

/** Makes an ApiError from a response that is not ok, whatever its body holds. */
export async function errorFrom(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null)
  const problem = body !== null && typeof body === 'object' ? (body as Partial<Problem>) : {}
  const title = problem.title ?? `${response.status} ${response.statusText}`.trim()
  return new ApiError({ ...problem, title, status: response.status })
}

/** Makes an ApiError from whatever was thrown. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof TypeError) return new ApiError(UNREACHABLE)
  return new ApiError({ status: 0, detail: error instanceof Error ? error.message : String(error) })
}

/** The error said in one line: what happened and what to do next. */
export function errorText(error: unknown): string {
  const told = asApiError(error)
  return told.hint ? `${told.message} ${told.hint}` : told.message
}
