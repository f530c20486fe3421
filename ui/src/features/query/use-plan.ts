// Owns the plan of a statement: asked for, shown, or why there is none.
import { useState } from 'react'
import type { Plan } from '@/api/types'
import { explain } from './api'

export function usePlan(database: string) {
  const [result, setResult] = useState<{ plan: Plan | null; error: unknown }>({ plan: null, error: null })
  const load = async (text: string, analyze: boolean) => {
    setResult((before) => ({ ...before, error: null }))
    try {
      setResult({ plan: await explain(database, text, analyze), error: null })
    } catch (error) {
      setResult({ plan: null, error })
    }
  }
  return { ...result, load }
}

export type PlanState = ReturnType<typeof usePlan>
