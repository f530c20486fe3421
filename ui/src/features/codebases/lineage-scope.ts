// Owns how the page says what the drawing has and what it leaves out.
import type { Graph, GroupGraph } from '@/api/types'
import { count, plural } from '@/lib/format'

/** "12 usages of 3 tables in 4 files". */
function drawnText(graph: Graph): string {
  const usages = graph.edges.reduce((sum, edge) => sum + edge.count, 0)
  const tables = new Set(graph.edges.map((edge) => graph.tables.find((table) => table.columns.some((column) => column.column_id === edge.column_id))?.name))
  return `${plural(usages, 'usage')} of ${plural(tables.size, 'table')} in ${plural(graph.code.length, 'file')}`
}

/** "3 usages, 1 file"; empty when nothing is hidden. */
function hiddenText({ tables, files, usages, endpoints, neighbors }: Graph['hidden']): string {
  const parts = [
    [usages, plural(usages, 'usage')],
    [tables, plural(tables, 'table')],
    [files, plural(files, 'file')],
    [endpoints, plural(endpoints, 'endpoint')],
    [neighbors, plural(neighbors, 'table', 'tables') + ' joined by foreign keys'],
  ] as const
  return parts.flatMap(([number, text]) => (number > 0 ? [text] : [])).join(', ')
}

/** Says openly what the graph leaves out, and what of the locked path. */
export function scopeText(graph: Graph, pinned: boolean, ofPath?: Graph['hidden']): string {
  const [left, leftOfPath] = [hiddenText(graph.hidden), ofPath ? hiddenText(ofPath) : '']
  const start = pinned ? '' : left ? 'Most used part: ' : 'Everything: '
  return `${start}${drawnText(graph)}.${left ? ` Not shown: ${left}.` : ''}${leftOfPath ? ` Not shown of the locked path: ${leftOfPath}.` : ''}`
}

/** The same of the whole codebase in groups. */
export function groupScopeText(groups: GroupGraph, rest: number): string {
  const usages = groups.edges.reduce((sum, edge) => sum + edge.count, 0)
  const { tables, groups: parts, usages: hidden } = groups.hidden
  const drawn = groups.tables.length - rest
  const of = rest + tables > 0 ? `the ${count(drawn)} most used of ${plural(drawn + rest + tables, 'table')}` : plural(drawn, 'table')
  const left = parts > 0 || hidden > 0 ? ` Not shown: ${plural(parts, 'part')} of the code, ${plural(hidden, 'usage')}.` : ''
  return `${plural(usages, 'usage')} of ${of} in ${plural(groups.groups.length, groups.by)}.${left}`
}
