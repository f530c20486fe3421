// The wire types of schemas and of jobs; the rest stands in types.ts.
import type { ColumnRef, RunState } from './types'

export interface SchemaEntry {
  id: string
  codebase_id: string
  name: string
  source: string
  tables: number
  columns: number
  created_at: string
}

export interface SchemaColumn {
  column_id?: string | null
  name: string
  type: string
  nullable: boolean
  primary_key: boolean
  default: string | null
  comment: string | null
  references: ColumnRef | null
}

export interface SchemaTable {
  name: string
  schema: string | null
  kind: string
  comment: string | null
  columns: SchemaColumn[]
  indexes: { name: string | null; columns: string[]; unique: boolean }[]
  foreign_keys: { columns: string[]; ref_table: string; ref_columns: string[] }[]
  origins: { file: string; line: number | null }[]
}

export interface DatabaseSchema {
  source: string
  tables: SchemaTable[]
  enums: { name: string; values: string[] }[]
}

export interface PhaseProgress {
  name: string
  state: 'done' | 'now' | 'wait'
  done: number | null
  total: number | null
  seconds: number | null
  note: string | null
}

export interface ScanDetail {
  phases?: PhaseProgress[]
  languages?: { language: string; files: number; lines: number; usages: number; errors: number }[]
  found?: { tables: number; columns: number; usages: number }
  skipped?: { reason: string; count: number }[]
}

export interface Job {
  id: string
  kind: string
  title: string
  state: RunState
  project_id: string | null
  codebase_id: string | null
  attempts: number
  max_attempts: number
  error: string | null
  cancel_requested: boolean
  created_at: string
  started_at: string | null
  finished_at: string | null
  progress: {
    done: number
    total: number | null
    unit: string | null
    phase: string | null
    message: string | null
    detail: ScanDetail | null
  }
}

export interface LogLine {
  id: string | number
  at: string
  level: 'info' | 'warning' | 'error'
  message: string
}
