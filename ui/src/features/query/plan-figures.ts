// Owns the figures of a plan's node as text.
import type { PlanNode } from '@/api/types'
import { count } from '@/lib/format'

const rounded = (value: number | null): string => count(Math.round(value ?? 0))

/** The rows of one loop beside the estimate, which is of one loop too, and the time of all loops. */
export function figures(node: PlanNode): string {
  const cost = node.cost === null ? '' : ` · cost ${rounded(node.cost)}`
  if (node.rows_actual === null) return `about ${rounded(node.rows_expected)} rows${cost}`
  if (node.loops === 0) return 'never executed'
  const loops = node.loops === 1 ? '' : ` × ${count(node.loops)} ${node.processes > 1 ? 'loops in parallel' : 'loops'}`
  const expected = node.rows_expected === null ? '' : `, ${rounded(node.rows_expected)} expected`
  return `${rounded(node.rows_actual)} rows${loops}${expected}${node.milliseconds === null ? cost : ` · ${node.milliseconds.toFixed(1)} ms`}`
}
