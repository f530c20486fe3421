// Owns what is asked for when a snapshot is restored, and what it does in words; the server's plan has the last one.
import type { RestoreOrder, RestorePlan, SnapshotTable } from '@/api/types'
import { nameProblem } from '@/lib/database-name'
import { plural } from '@/lib/format'

export type Where = 'new' | 'empty' | 'over'
export type OverMode = Exclude<RestoreOrder['mode'], 'empty'>

export interface Choice {
  where: Where
  /** The name of the new database. */
  name: string
  /** The id of the database that is there. */
  target: string
  mode: OverMode
  /** The names of the chosen tables; null means all. */
  tables: ReadonlySet<string> | null
  confirmed: boolean
}

/** The order as the server takes it; null while something is not chosen yet. */
export function restoreRequest(choice: Choice, home: { project: string; database: string }, taken: readonly string[]): RestoreOrder | null {
  const tables = choice.tables === null ? null : [...choice.tables].sort()
  if (tables?.length === 0) return null
  const order = { name: null, project_id: null, target_id: null, tables, mode: 'empty' as const, confirmed: choice.confirmed }
  if (choice.where === 'new') return nameProblem(choice.name, taken) === null ? { ...order, name: choice.name, project_id: home.project } : null
  if (choice.where === 'empty') return choice.target ? { ...order, target_id: choice.target } : null
  return { ...order, target_id: home.database, mode: choice.mode }
}

const DOES: Record<string, (tables: string) => string> = {
  create: (tables) => `creates ${tables}`,
  replace: (tables) => `replaces the rows of ${tables}`,
  append: (tables) => `adds rows to ${tables}`,
  append_missing: (tables) => `adds missing rows to ${tables}`,
}

/** What can be chosen: what belongs to no table comes back only with a whole database. */
export const selectableTables = (contents: readonly SnapshotTable[], where: Where): SnapshotTable[] => contents.filter((one) => where !== 'over' || !one.apart)

/** What a restore will change, in one or two sentences. */
export function planSummary(plan: RestorePlan): string {
  const steps = plan.steps.filter((one) => one.action !== 'leave')
  const rows = plural(steps.reduce((sum, one) => sum + one.rows, 0), 'row')
  const all = plural(steps.length, 'table')
  if (plan.fresh) return `Creates the database ${plan.target_name} with ${all} and ${rows}. Nothing else changes.`
  const parts = Object.entries(DOES).flatMap(([action, does]) => {
    const number = plan.steps.filter((one) => one.action === action).length
    return number > 0 ? [does(plural(number, 'table'))] : []
  })
  const done = parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : (parts[0] ?? 'changes nothing')
  const said = `In ${plan.target_name}, the restore ${done}, with ${rows} from the snapshot.`
  return plan.undo ? `${said} A snapshot of ${plan.target_name} is taken first, so you can undo this.` : `${said} Nothing else changes.`
}

/** "Restore into shop-restored", or what stands on the button while that is not known. */
export function restoreLabel(choice: Choice, database: string, target: string | undefined): string {
  if (choice.where === 'over') return `Replace data in ${database}`
  const into = choice.where === 'new' ? choice.name : target
  return into ? `Restore into ${into}` : 'Restore'
}
