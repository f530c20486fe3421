// Owns how differences of schemas are read: grouped by table, in the order of the answer.
import type { Difference } from '@/api/types'

export interface TableDifferences {
  table: string
  differences: Difference[]
}

export function byTable(differences: readonly Difference[]): TableDifferences[] {
  const groups = new Map<string, Difference[]>()
  for (const difference of differences) {
    const group = groups.get(difference.table)
    if (group) group.push(difference)
    else groups.set(difference.table, [difference])
  }
  return [...groups].map(([table, own]) => ({ table, differences: own }))
}

/** A path in the code of a codebase, not in a database. */
export const isFile = (line: { file: string; line: number } | null): line is { file: string; line: number } => line !== null && line.line > 0
