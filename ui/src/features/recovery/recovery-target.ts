// Owns what recovery is made of, without its look: the window as a bar, moments as people type them, orders.
import type { RecoverOrder, RecoveryStatus } from '@/api/types'
import { nameProblem } from '@/lib/database-name'

export type Kind = 'time' | 'point' | 'lsn'

export interface Choice {
  kind: Kind
  /** As the field has it: local time without a zone, to the second. */
  time: string
  point: string
  lsn: string
  name: string
}

export interface Segment {
  /** Where it begins and how wide it is, in percent of the whole bar. */
  left: number
  width: number
}

const LEAST_WIDTH = 0.5

/** The windows as parts of a bar from the first moment to now; what is missing between them stays open. */
export function windowSegments(windows: RecoveryStatus['windows'], now: number = Date.now()): Segment[] {
  const first = windows[0]
  if (!first) return []
  const start = Date.parse(first.earliest)
  const whole = Math.max(1, Math.max(now, Date.parse(windows.at(-1)!.latest)) - start)
  return windows.map((one) => {
    const left = ((Date.parse(one.earliest) - start) / whole) * 100
    return { left, width: Math.max(LEAST_WIDTH, ((Date.parse(one.latest) - Date.parse(one.earliest)) / whole) * 100) }
  })
}

const two = (value: number): string => String(value).padStart(2, '0')

/** "2026-11-21T10:00:05" by the clock of the browser, as its field for moments has it. */
export function toLocalInput(iso: string): string {
  const at = new Date(iso)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

/** The moment of a field with its zone; null while it is none. */
export function fromLocalInput(field: string): string | null {
  const at = new Date(field)
  return field === '' || Number.isNaN(at.getTime()) ? null : at.toISOString()
}

/** The order as the server takes it; null while something is not chosen yet. */
export function recoveryRequest(choice: Choice, project: string, taken: readonly string[]): RecoverOrder | null {
  if (nameProblem(choice.name, taken) !== null) return null
  const time = choice.kind === 'time' ? fromLocalInput(choice.time) : null
  const point = choice.kind === 'point' && choice.point ? choice.point : null
  const lsn = choice.kind === 'lsn' && choice.lsn.trim() ? choice.lsn.trim() : null
  if (time === null && point === null && lsn === null) return null
  return { name: choice.name, time, point, lsn, inclusive: null, project_id: project }
}

const seconds = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' })

/** A moment to the second: where one goes back to, a minute is too much. */
export const exactTime = (iso: string): string => seconds.format(new Date(iso))

/** How far behind the vault is, in words; null when it is not worth a word. */
export function lagText(status: Pick<RecoveryStatus, 'lag_bytes' | 'lag_seconds'>): string | null {
  if (status.lag_seconds === null || status.lag_seconds < 180) return null
  return `Changes from the last ${Math.round(status.lag_seconds / 60)} min are not archived yet.`
}
