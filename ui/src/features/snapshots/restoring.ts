// Owns what is asked for when a snapshot is restored, and what it does in words; the server's plan has the last one.
import type { RestoreOrder, RestorePlan, SnapshotTable } from '@/api/types'
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

/** A table as people write it, and as the API takes it. */
export const tableName = (table: Pick<SnapshotTable, 'schema' | 'name'>): string => (table.schema ? `${table.schema}.${table.name}` : table.name)

const NAME = /^[a-z][a-z0-9_-]{0,47}$/

/** Why a new database cannot be called so; null when it can. */
export function nameProblem(name: string, taken: readonly string[]): string | null {
  if (name === '') return 'Give it a name.'
  if (!NAME.test(name)) return 'Small letters, digits, _ and -, beginning with a letter, at most 48.'
  return taken.includes(name) ? `There is a database ${name} already.` : null
}

const MOST = 48

/** "shop" -> "shop-restored", or the first such name with a number that is free. */
export function freeName(database: string, taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const end = number === 1 ? '-restored' : `-restored-${number}`
    const name = database.slice(0, MOST - end.length) + end
    if (!taken.includes(name)) return name
  }
}

/** The order as the server takes it; null while something is not chosen yet. */
export function orderOf(choice: Choice, home: { project: string; database: string }, taken: readonly string[]): RestoreOrder | null {
  const tables = choice.tables === null ? null : [...choice.tables].sort()
  if (tables?.length === 0) return null
  const order = { name: null, project_id: null, target_id: null, tables, mode: 'empty' as const, confirmed: choice.confirmed }
  if (choice.where === 'new') return nameProblem(choice.name, taken) === null ? { ...order, name: choice.name, project_id: home.project } : null
  if (choice.where === 'empty') return choice.target ? { ...order, target_id: choice.target } : null
  return { ...order, target_id: home.database, mode: choice.mode }
}

const DOES: Record<string, (tables: string) => string> = {
  create: (tables) => `makes ${tables}`,
  replace: (tables) => `replaces the rows of ${tables}`,
  append: (tables) => `adds rows to ${tables}`,
  append_missing: (tables) => `adds the rows that are missing to ${tables}`,
}

/** What can be chosen: what belongs to no table comes back only with a whole database. */
export const choosable = (contents: readonly SnapshotTable[], where: Where): SnapshotTable[] => contents.filter((one) => where !== 'over' || !one.apart)

/** What a restore will change, in one or two sentences. */
export function changesText(plan: RestorePlan): string {
  const steps = plan.steps.filter((one) => one.action !== 'leave')
  const rows = plural(steps.reduce((sum, one) => sum + one.rows, 0), 'row')
  const all = plural(steps.length, 'table')
  if (plan.fresh) return `Makes the database ${plan.target_name} with ${all} and ${rows}. Nothing else changes.`
  const parts = Object.entries(DOES).flatMap(([action, does]) => {
    const number = plan.steps.filter((one) => one.action === action).length
    return number > 0 ? [does(plural(number, 'table'))] : []
  })
  const done = parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : (parts[0] ?? 'changes nothing')
  const said = `In ${plan.target_name} it ${done}, with ${rows} of the snapshot.`
  return plan.undo ? `${said} A snapshot of ${plan.target_name} is taken first, so that this can be undone.` : `${said} Nothing else changes.`
}

/** "Restore into shop-restored", or what stands on the button while that is not known. */
export function actionText(choice: Choice, database: string, target: string | undefined): string {
  if (choice.where === 'over') return `Restore over ${database}`
  const into = choice.where === 'new' ? choice.name : target
  return into ? `Restore into ${into}` : 'Restore'
}
