// Owns a change whose impact is asked: how the URL holds it, how it is sent, and how the broken lines are grouped.
import type { Break, ChangeRequest } from '@/api/types'
import { oneOf, text, type RawSearch } from './search-params'

export const ACTIONS = ['drop', 'rename', 'type', 'not-null'] as const
export type ImpactAction = (typeof ACTIONS)[number]
export const CERTAINTIES = ['breaks', 'may_break', 'carries'] as const
export type Certainty = (typeof CERTAINTIES)[number]

export interface ImpactSearch {
  /** `table.column`, or a table alone. */
  of?: string
  action?: ImpactAction
  /** The new name or type. */
  to?: string
  sql?: string
  only?: Certainty
  by?: 'folder'
}

/** Reads the search of the impact page. */
export function impactSearch(raw: RawSearch): ImpactSearch {
  return {
    of: text(raw, 'of'),
    action: oneOf(raw, 'action', ACTIONS),
    to: text(raw, 'to'),
    sql: text(raw, 'sql'),
    only: oneOf(raw, 'only', CERTAINTIES),
    by: oneOf(raw, 'by', ['folder'] as const),
  }
}

/** The longest SQL that stands in the URL, in characters; a server refuses longer addresses. */
const URL_SQL = 4000

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** SQL whose impact is asked and that is too long for the URL. */
    impactSql?: string
  }
}

/** Where the impact page finds SQL: in the URL, or if it is too long for that in the state of the history. */
export function sqlPlace(sql: string): { search: ImpactSearch; state?: { impactSql: string } } {
  return sql.length <= URL_SQL ? { search: { sql } } : { search: {}, state: { impactSql: sql } }
}

/** Whether an action needs a new name or type. */
export const needsValue = (action: ImpactAction): boolean => action === 'rename' || action === 'type'

/** What is sent for a search, or null as long as it does not say a whole change. */
export function changeRequest(search: ImpactSearch, tables: ReadonlySet<string>): ChangeRequest | null {
  if (search.sql) return { sql: search.sql }
  if (!search.of) return null
  const action = search.action ?? 'drop'
  if (needsValue(action) && !search.to) return null
  const target = tables.has(search.of) ? { table: search.of } : { column: search.of }
  if (action === 'rename') return { ...target, rename: search.to }
  if (action === 'type') return { ...target, type: search.to }
  return action === 'drop' ? { ...target, drop: true } : { ...target, not_null: true }
}

export interface BreakGroup {
  folder: string
  breaks: Break[]
}

/** The folder of a path, down to the second level; files of the root are in ".". */
function folderOf(path: string): string {
  return path.split('/').slice(0, -1).slice(0, 2).join('/') || '.'
}

/** The lines by folder, the folder with the riskiest line first; the order inside stays. */
export function byFolder(breaks: readonly Break[]): BreakGroup[] {
  const groups = new Map<string, Break[]>()
  for (const item of breaks) {
    const folder = folderOf(item.file_path)
    const group = groups.get(folder)
    if (group) group.push(item)
    else groups.set(folder, [item])
  }
  return [...groups].map(([folder, items]) => ({ folder, breaks: items }))
}
