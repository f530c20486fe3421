// Owns the words of merges: where one stands, what kind of conflict a row is, which row it is.
import type { Merge, MergeConflict } from '@/api/types'
import { cellLine } from '@/lib/cells'
import { plural } from '@/lib/format'

const KINDS: Record<MergeConflict['kind'], string> = {
  cells: 'Changed on both sides',
  added: 'Added on both sides',
  removed_in_ours: 'Removed here, changed there',
  removed_in_theirs: 'Changed here, removed there',
}

export const kindText = (conflict: MergeConflict): string => KINDS[conflict.kind]

/** "id 7": the key of the row of a conflict. */
export function keyText(conflict: MergeConflict): string {
  const row = conflict.ours ?? conflict.theirs ?? conflict.base ?? []
  return conflict.key.map((at) => `${conflict.columns[at] ?? ''} ${cellLine(row[at] ?? null)}`).join(', ')
}

/** The columns to show of a conflict: those with two new values, or all where a side has no row. */
export const shownColumns = (conflict: MergeConflict): number[] =>
  conflict.conflicting.length > 0 ? conflict.conflicting : conflict.columns.map((_, at) => at).filter((at) => !conflict.key.includes(at))

/** One sentence about where a merge stands. */
export function stateText(merge: Merge): string {
  if (merge.status === 'applied') return `Merged into ${merge.target_name}`
  if (merge.job?.state === 'failed' || merge.job?.state === 'cancelled') return merge.job.error ?? 'The job was cancelled.'
  if (merge.status === 'preparing') return 'Being prepared'
  if (merge.status === 'applying') return 'Being written'
  if (merge.unresolved > 0) return `${plural(merge.unresolved, 'conflict')} to resolve`
  return merge.tables.length === 0 ? 'Nothing to merge' : 'Ready to be written'
}
