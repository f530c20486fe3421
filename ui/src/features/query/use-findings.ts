// Owns what is wrong in the editor: what the server finds a moment after the last key, or the error of the last run.
import { useEffect, useState } from 'react'
import type { Finding } from '@/api/types'
import { check } from './api'

const PAUSE_MS = 600

export function useFindings(database: string, text: string, error: { position: number; message: string } | null): Finding[] {
  const [checked, setChecked] = useState<{ text: string; findings: Finding[] }>({ text: '', findings: [] })
  useEffect(() => {
    const timer = setTimeout(() => {
      if (text.trim()) void check(database, text).then((findings) => setChecked({ text, findings }), () => undefined)
    }, PAUSE_MS)
    return () => clearTimeout(timer)
  }, [database, text])
  if (error) return [{ start: error.position, end: error.position + 1, severity: 'error', message: error.message }]
  return checked.text === text ? checked.findings : []
}
