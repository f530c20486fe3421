// Owns the requests of the query builder: SQL to parts, and parts to SQL.
import type { DrawnQuery } from '@/api/types'
import { api } from '@/lib/http'

const of = (database: string) => ({ path: { database_id: database } })

export const parseQuery = (database: string, text: string) => api.post('/databases/{database_id}/builder/parse', { params: of(database), body: { text } })

export const renderQuery = async (database: string, query: DrawnQuery) => (await api.post('/databases/{database_id}/builder/render', { params: of(database), body: { query } })).text
