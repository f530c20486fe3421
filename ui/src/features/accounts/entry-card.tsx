// Owns the one card of sign-in and sign-up: springs, mark, title, and the form inside.
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, type FormEvent, type ReactNode } from 'react'
import { Mark } from '@/components/marks'
import { usePageTitle } from '@/components/page'
import { ErrorNote } from '@/components/states'
import { asApiError, type ApiError } from '@/lib/problem'
import { instanceQuery } from './api'

const SPRINGS = [
  [160, 706], [300, 706], [420, 706], [530, 706], [630, 706], [720, 720], [810, 734], [910, 734], [1020, 734], [1140, 734], [1280, 734],
] as const

interface EntryCardProps {
  title: string
  subtitle: string
  below?: ReactNode
  error: unknown
  onSubmit: (values: Record<string, string>) => void
  children: ReactNode
}

/** The message of an error that belongs to no field, or null. */
function generalError(error: unknown): ApiError | null {
  if (!error) return null
  const told = asApiError(error)
  return Object.keys(told.fields).length > 0 ? null : told
}

export function EntryCard({ title, subtitle, below, error, onSubmit, children }: EntryCardProps) {
  usePageTitle(title)
  const instance = useQuery(instanceQuery()).data
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    onSubmit(Object.fromEntries([...data].map(([name, value]) => [name, String(value)])))
  }
  const general = generalError(error)
  return (
    <div className="signin">
      <svg className="springs" viewBox="0 0 1440 260" preserveAspectRatio="xMidYMin slice" aria-hidden="true">
        {SPRINGS.map(([from, to]) => (
          <path key={from} d={`M${from} -10C${from} 168 ${to} 96 ${to} 240`} />
        ))}
      </svg>
      <main>
        <div className="logo">
          <Mark size={40} stroke={1.3} />
        </div>
        <h1>{title}</h1>
        <p className="dim">{subtitle}</p>
        <form className="card" onSubmit={submit} noValidate>
          {general && <ErrorNote error={general} />}
          {children}
        </form>
        {below}
      </main>
      <footer className="small faint">{instance ? `Headwater ${instance.version}` : 'Headwater'}</footer>
    </div>
  )
}

/** Goes to where the visitor wanted to be; only to addresses of this site. */
export function useGoOn(next: string | undefined): () => void {
  const navigate = useNavigate()
  return useCallback(() => {
    const safe = next && next.startsWith('/') && !next.startsWith('//') ? next : '/'
    void navigate({ to: safe as '/' , replace: true })
  }, [navigate, next])
}
