// Owns a query on a snapshot: asked, cancelled, and what came of it.
import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import { cancelSnapshotQuery, querySnapshot } from './api'

export function useSnapshotQuery(snapshot: string, limit: number) {
  const run = useRef<string | null>(null)
  const mutation = useMutation({
    mutationFn: ({ text, asText }: { text: string; asText: boolean }) => {
      run.current = crypto.randomUUID()
      return querySnapshot(snapshot, { text, run_id: run.current, max_rows: limit, as_text: asText })
    },
  })
  return {
    answer: mutation.data ?? null,
    error: mutation.error,
    busy: mutation.isPending,
    ask: (text: string, asText: boolean) => mutation.mutate({ text, asText }),
    cancel: () => run.current && void cancelSnapshotQuery(snapshot, run.current).catch(() => undefined),
  }
}
