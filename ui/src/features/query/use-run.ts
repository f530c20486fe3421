// Owns a run of the editor: started, cancelled, confirmed when the database is protected.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { QueryAnswer } from '@/api/types'
import { asApiError } from '@/lib/problem'
import { cancelRun, runQuery } from './api'

const SCHEMA_CHANGES = /^(CREATE|ALTER|DROP|TRUNCATE|COMMENT|RENAME|ANALYZE|DO|CALL|SELECT INTO)/

export function useRun(database: string, limit: number) {
  const queries = useQueryClient()
  const session = useRef(crypto.randomUUID())
  const run = useRef<string | null>(null)
  const [unconfirmed, setUnconfirmed] = useState<string | null>(null)
  const mutation = useMutation({
    mutationFn: ({ text, confirmed }: { text: string; confirmed: boolean }) => {
      run.current = crypto.randomUUID()
      return runQuery(database, { text, confirmed, run_id: run.current, max_rows: limit, session: session.current })
    },
    onSuccess: (answer: QueryAnswer) => {
      void queries.invalidateQueries({ queryKey: ['runs', database] })
      if (answer.results.some((result) => SCHEMA_CHANGES.test(result.command))) {
        void queries.invalidateQueries({ queryKey: ['databases', database, 'schema'] })
      }
    },
    onError: (error, { text }) => {
      if (asApiError(error).code === 'confirmation_needed') setUnconfirmed(text)
    },
  })
  return {
    answer: mutation.data ?? null,
    error: unconfirmed === null ? mutation.error : null,
    busy: mutation.isPending,
    unconfirmed,
    start: (text: string) => mutation.mutate({ text, confirmed: false }),
    confirm: () => {
      if (unconfirmed !== null) mutation.mutate({ text: unconfirmed, confirmed: true })
      setUnconfirmed(null)
    },
    refuse: () => setUnconfirmed(null),
    cancel: () => run.current && void cancelRun(database, run.current).catch(() => undefined),
  }
}
