// Owns how the URL's search is read: unknown values are dropped, never trusted.
import type { Tier, UsageKind } from '@/api/types'
import { KINDS, TIERS } from './usage-kinds'

export type RawSearch = Record<string, unknown>

/** A text value, or undefined. Numbers are text here: the router parses "42" as a number. */
export function text(raw: RawSearch, name: string): string | undefined {
  const value = raw[name]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A whole number inside its limits, or undefined. */
export function whole(raw: RawSearch, name: string, least: number, most: number): number | undefined {
  const value = Number(raw[name])
  return Number.isInteger(value) && value >= least && value <= most ? value : undefined
}

/** One of the choices, or undefined. */
export function oneOf<T extends string>(raw: RawSearch, name: string, choices: readonly T[]): T | undefined {
  return choices.find((choice) => choice === raw[name])
}

/** A comma list of choices in their own order; undefined when none or all are chosen. */
export function someOf<T extends string>(raw: RawSearch, name: string, choices: readonly T[]): T[] | undefined {
  const given = new Set((text(raw, name) ?? '').split(','))
  const chosen = choices.filter((choice) => given.has(choice))
  return chosen.length > 0 && chosen.length < choices.length ? chosen : undefined
}

export interface LineageSearch {
  table?: string
  column?: string
  file?: string
  symbol?: string
  q?: string
  kinds?: string
  tiers?: string
  depth?: number
  view?: 'flow' | 'list'
  usage?: string
  at?: string
  endpoint?: string
  language?: string
  folder?: string
  service?: string
  /** Parts of the code instead of files. */
  group?: 'folder' | 'service'
  /** What is locked in the graph, as `lockText` says it. */
  lock?: string
}

const KIND_NAMES = KINDS.map((info) => info.kind)
const TIER_NAMES = TIERS.map((info) => info.tier)

/** Reads the search of the lineage page. */
export function lineageSearch(raw: RawSearch): LineageSearch {
  return {
    table: text(raw, 'table'),
    column: text(raw, 'column'),
    file: text(raw, 'file'),
    symbol: text(raw, 'symbol'),
    q: text(raw, 'q'),
    kinds: someOf<UsageKind>(raw, 'kinds', KIND_NAMES)?.join(','),
    tiers: someOf<Tier>(raw, 'tiers', TIER_NAMES)?.join(','),
    depth: whole(raw, 'depth', 1, 3),
    view: oneOf(raw, 'view', ['flow', 'list'] as const),
    usage: text(raw, 'usage'),
    at: text(raw, 'at'),
    endpoint: text(raw, 'endpoint'),
    language: text(raw, 'language'),
    folder: text(raw, 'folder'),
    service: text(raw, 'service'),
    group: oneOf(raw, 'group', ['folder', 'service'] as const),
    lock: text(raw, 'lock'),
  }
}

/** The kinds shown: all unless the search names some. */
export function shownKinds(search: LineageSearch): ReadonlySet<UsageKind> {
  return new Set(someOf<UsageKind>({ ...search }, 'kinds', KIND_NAMES) ?? KIND_NAMES)
}

/** The tiers shown: exact and inferred unless the search names others. */
export function shownTiers(search: LineageSearch): ReadonlySet<Tier> {
  return new Set(someOf<Tier>({ ...search }, 'tiers', TIER_NAMES) ?? TIER_NAMES)
}

export type ColumnSort = 'name' | 'type' | 'total' | 'files' | UsageKind

export const COLUMN_USES = ['unused', 'never_read', 'never_written'] as const
export type ColumnUse = (typeof COLUMN_USES)[number]

export interface ColumnsSearch {
  q?: string
  use?: ColumnUse
  table?: string
  sort?: ColumnSort
  dir?: 'asc' | 'desc'
}

const SORTS: readonly ColumnSort[] = ['name', 'type', 'total', 'files', ...KIND_NAMES]

/** Reads the search of the column map. */
export function columnsSearch(raw: RawSearch): ColumnsSearch {
  return {
    q: text(raw, 'q'),
    use: oneOf(raw, 'use', COLUMN_USES),
    table: text(raw, 'table'),
    sort: oneOf(raw, 'sort', SORTS),
    dir: oneOf(raw, 'dir', ['asc', 'desc'] as const),
  }
}

export interface EndpointsSearch {
  q?: string | undefined
  table?: string | undefined
  column?: string | undefined
}

/** Reads the search of the endpoints page; a column without its table says nothing. */
export function endpointsSearch(raw: RawSearch): EndpointsSearch {
  const table = text(raw, 'table')
  return { q: text(raw, 'q'), table, column: table && text(raw, 'column') }
}

export interface BackupsSearch {
  range?: 'day' | 'week'
  /** The snapshot in the side panel. */
  snapshot?: string
  /** Whether the panel asks where to restore it. */
  restore?: boolean
  /** The restore that the panel follows. */
  run?: string
  /** Whether the panel has the schedule and what is kept. */
  schedule?: boolean
}

/** Reads the search of a database's backups. */
export function backupsSearch(raw: RawSearch): BackupsSearch {
  return {
    range: oneOf(raw, 'range', ['day', 'week'] as const),
    snapshot: text(raw, 'snapshot'),
    restore: raw['restore'] === true ? true : undefined,
    run: text(raw, 'run'),
    schedule: raw['schedule'] === true ? true : undefined,
  }
}
