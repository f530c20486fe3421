// Owns small lineage graphs for tests.
import type { Column, ColumnSummary, Graph, GraphEdge, GroupGraph, Usage, UsageKind, UseState } from '@/api/types'
import { KINDS } from '@/lib/usage-kinds'

/** Two tables, two files, four edges: enough for every filter to matter. */
export function bookshopGraph(): Graph {
  const edge = (column_id: string, file_path: string, symbol: string, usage_type: UsageKind, more: Partial<GraphEdge> = {}): GraphEdge => ({
    column_id,
    file_path,
    symbol,
    usage_type,
    count: 1,
    line_number: 10,
    tier: 'A',
    ...more,
  })
  return {
    tables: [
      {
        name: 'users',
        kind: 'table',
        total: 4,
        columns: ['email', 'id', 'name', 'fax', 'phone', 'city'].map((name) => ({ column_id: `u.${name}`, name, type: 'text', primary_key: name === 'id', total: 1 })),
      },
      { name: 'orders', kind: 'table', total: 1, columns: [{ column_id: 'o.user_id', name: 'user_id', type: 'uuid', primary_key: false, total: 1 }] },
    ],
    code: [
      { file_path: 'app/service.py', language: 'python', total: 4, symbols: [{ symbol: 'register', total: 3, counts: {} }, { symbol: 'login', total: 1, counts: {} }] },
      { file_path: 'app/orders.py', language: 'python', total: 1, symbols: [{ symbol: 'total', total: 1, counts: {} }] },
    ],
    edges: [
      edge('u.email', 'app/service.py', 'register', 'write', { count: 2, line_number: 20 }),
      edge('u.email', 'app/service.py', 'register', 'filter', { line_number: 12 }),
      edge('u.email', 'app/service.py', 'login', 'filter', { tier: 'C' }),
      edge('o.user_id', 'app/orders.py', 'total', 'join', { tier: 'B' }),
    ],
    relations: [{ from_column_id: 'o.user_id', to_column_id: 'u.id', kind: 'foreign_key' }],
    endpoints: [
      { endpoint_id: 'e.register', method: 'POST', path: '/users', handler: 'register', file_path: 'app/api.py' },
      { endpoint_id: 'e.total', method: 'GET', path: '/orders/{id}', handler: 'total', file_path: 'app/api.py' },
    ],
    reaches: [
      { endpoint_id: 'e.register', file_path: 'app/service.py', symbol: 'register' },
      { endpoint_id: 'e.total', file_path: 'app/orders.py', symbol: 'total' },
    ],
    totals: [
      { usage_type: 'write', tier: 'A', language: 'python', count: 2 },
      { usage_type: 'filter', tier: 'A', language: 'python', count: 1 },
      { usage_type: 'filter', tier: 'C', language: 'sql', count: 1 },
      { usage_type: 'join', tier: 'B', language: 'python', count: 1 },
    ],
    hidden: { tables: 0, files: 0, usages: 0, endpoints: 0, neighbors: 0 },
  }
}

/** A column summary with only the figures a test names. */
export function summary(name: string, counts: Partial<Record<UsageKind, number>> = {}, more: Partial<ColumnSummary> = {}): ColumnSummary {
  const [table_name = '', column_name = ''] = name.split('.')
  const all = Object.fromEntries(KINDS.map(({ kind }) => [kind, counts[kind] ?? 0])) as Record<UsageKind, number>
  const total = Object.values(all).reduce((sum, value) => sum + value, 0)
  return { column_id: name, table_name, column_name, type: 'text', nullable: false, primary_key: false, references: null, total, counts: all, files: 0, languages: [], ...more }
}

/** A column with how it is used. */
export function column(name: string, state: UseState, counts: Partial<Record<UsageKind, number>> = {}, more: Partial<Column> = {}): Column {
  return { ...summary(name, counts), use: { state, certainty: 'certain', reason: '', reads: 0, writes: 0, whole_rows: 0 }, ...more }
}

/** A usage of a column; the rest is of no matter. */
export function usage(column_id: string, table_name: string, column_name: string): Usage {
  return {
    id: column_id,
    column_id,
    table_name,
    column_name,
    file_path: 'app/service.py',
    line_number: 1,
    end_line: 1,
    start_column: 0,
    end_column: 1,
    symbol: '',
    code_snippet: '',
    language: 'python',
    usage_type: 'read',
    sub_type: null,
    via: 'orm',
    tier: 'A',
    evidence: [],
  }
}

/** Two services that use two tables. */
export function groupGraph(): GroupGraph {
  return {
    by: 'service',
    groups: [
      { name: 'services/api', kind: 'service', files: 4, languages: ['python'], total: 7 },
      { name: 'services/jobs', kind: 'service', files: 1, languages: ['python'], total: 2 },
    ],
    tables: [
      { name: 'users', kind: 'table', total: 8 },
      { name: 'orders', kind: 'table', total: 1 },
    ],
    edges: [
      { table: 'users', group: 'services/api', count: 6, counts: { read: 4, filter: 2 } },
      { table: 'users', group: 'services/jobs', count: 2, counts: { update: 2 } },
      { table: 'orders', group: 'services/api', count: 1, counts: { read: 1 } },
    ],
    relations: [{ from_table: 'orders', to_table: 'users' }],
    totals: [{ usage_type: 'read', tier: 'A', language: 'python', count: 5 }],
    hidden: { tables: 0, groups: 0, usages: 0 },
  }
}
