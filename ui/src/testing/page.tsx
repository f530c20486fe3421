// Owns what a page of a database needs around it in a test: the cache, the project and the database.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Database, Project } from '@/api/types'
import { DatabaseScopeContext } from '@/lib/database-scope'
import { ProjectScopeContext } from '@/lib/project-scope'

export const database = (rest: Partial<Database> = {}) => ({ id: 'd1', name: 'shop', engine: 'postgresql', read_only: false, protected: false, ...rest }) as Database

interface PageProps {
  role?: Project['role']
  scope?: Database
  children: ReactNode
}

/** A page of a database, as somebody with this role sees it. */
export function DatabasePage({ role = 'admin', scope = database(), children }: PageProps) {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  return (
    <QueryClientProvider client={queries}>
      <ProjectScopeContext value={{ project: { id: 'p1', name: 'Shop', role } as Project, codebases: [], codebase: null }}>
        <DatabaseScopeContext value={scope}>{children}</DatabaseScopeContext>
      </ProjectScopeContext>
    </QueryClientProvider>
  )
}

export interface Sent {
  method: string
  path: string
  body: unknown
}

/** Answers requests by "METHOD /path", and keeps what was sent; `answer` is given the body. */
export function answering(stub: (fetch: (request: Request) => Promise<Response>) => void, answers: Record<string, (body: unknown) => unknown>): Sent[] {
  const sent: Sent[] = []
  stub(async (request) => {
    const path = new URL(request.url, window.location.origin).pathname.replace('/api/v1', '')
    const text = await request.text()
    const body: unknown = text === '' ? null : JSON.parse(text)
    sent.push({ method: request.method, path, body })
    const answer = answers[`${request.method} ${path}`]
    return answer ? new Response(JSON.stringify(answer(body))) : new Response(JSON.stringify({ title: `no answer to ${request.method} ${path}` }), { status: 404 })
  })
  return sent
}
