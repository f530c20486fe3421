// Owns the address of a saved query: `?query=` brings its text into the editor once, and then goes.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useEffect, useEffectEvent } from 'react'
import type { SavedQuery } from '@/api/types'
import { useProjectScope } from '@/lib/project-scope'
import { savedQuery } from './api'

const route = getRouteApi('/shell/p/$project/d/$database/sql')

export function useOpenedQuery(open: (query: SavedQuery) => void): void {
  const { query: id } = route.useSearch()
  const { project } = useProjectScope()
  const saved = useQuery({ ...savedQuery(project.id), enabled: id !== undefined })
  const navigate = useNavigate()
  const take = useEffectEvent((found: SavedQuery) => {
    open(found)
    void navigate({ to: '.', search: {}, replace: true })
  })
  useEffect(() => {
    const found = saved.data?.find((one) => one.id === id)
    if (found) take(found)
  }, [saved.data, id])
}
