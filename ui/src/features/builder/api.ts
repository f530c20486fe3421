// Owns the requests of the query builder: SQL to parts, and parts to SQL.
import type { DrawnAnswer, DrawnQuery } from '@/api/types'
import { api } from '@/lib/http'

export const drawQuery = (database: string, text: string) => api.post<DrawnAnswer>(`/databases/${database}/builder/parse`, { text })

export const writeQuery = async (database: string, query: DrawnQuery) => (await api.post<{ text: string }>(`/databases/${database}/builder/render`, { query })).text
