// Owns the live view of one job: its state and log from the event stream, resumed when the connection drops.
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Job, LogLine } from '@/api/types'
import { api } from './http'
import { ApiError } from './problem'
import { readEvents, type ServerEvent } from './sse'

const KEPT_LINES = 500
const RETRY_MS = 2000
// The server ends every stream after a while: we come back at once.
const RECONNECT_MS = 100
const TOO_MANY = 429

export interface LiveJob {
  job: Job | null
  log: LogLine[]
  connected: boolean
}

const IDLE: LiveJob = { job: null, log: [], connected: false }

function apply(live: LiveJob, event: ServerEvent): LiveJob {
  if (event.event === 'log') {
    const line = JSON.parse(event.data) as LogLine
    if (live.log.some((known) => known.id === line.id)) return live
    return { ...live, log: [...live.log.slice(1 - KEPT_LINES), line] }
  }
  if (event.event === 'job' || event.event === 'end') return { ...live, job: JSON.parse(event.data) as Job }
  return live
}

const wait = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })

async function openEvents(jobId: string, lastId: string | null, signal: AbortSignal) {
  const headers = { Accept: 'text/event-stream', ...(lastId && { 'Last-Event-ID': lastId }) }
  const body = await api.getStream('/jobs/{job_id}/events', { params: { path: { job_id: jobId } }, headers, signal })
  if (body === null) throw new TypeError('The event stream has no body.')
  return body
}

async function follow(jobId: string, signal: AbortSignal, tell: (change: (live: LiveJob) => LiveJob) => void) {
  let lastId: string | null = null
  let ended = false
  while (!ended && !signal.aborted) {
    let pause = RETRY_MS
    try {
      lastId = await readEvents(await openEvents(jobId, lastId, signal), lastId, (event) => {
        ended = ended || event.event === 'end'
        tell((live) => ({ ...apply(live, event), connected: !ended }))
      })
      pause = RECONNECT_MS
    } catch (error) {
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== TOO_MANY) return
    }
    if (!ended) await wait(pause, signal)
  }
}

/** Follows a job while the component is shown; when it ends, everything it may have changed is fetched again. */
export function useJobEvents(jobId: string | null | undefined): LiveJob {
  const [live, setLive] = useState<LiveJob & { of: string | null }>({ ...IDLE, of: null })
  const queries = useQueryClient()
  useEffect(() => {
    if (!jobId) return
    const stop = new AbortController()
    const tell = (change: (live: LiveJob) => LiveJob) => {
      if (stop.signal.aborted) return
      setLive((now) => ({ ...change(now.of === jobId ? now : IDLE), of: jobId }))
    }
    void follow(jobId, stop.signal, tell).then(() => {
      if (!stop.signal.aborted) void queries.invalidateQueries()
    })
    return () => stop.abort()
  }, [jobId, queries])
  return live.of === jobId ? live : IDLE
}
