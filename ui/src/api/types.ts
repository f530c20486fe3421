// The wire types of /api/v1, one for each shape the server sends or takes.

export interface Page<T> {
  items: T[]
  next: string | null
}

export interface Problem {
  type?: string
  title?: string
  status: number
  detail?: string
  hint?: string | null
  code?: string
  errors?: { field: string; message: string }[]
}

export interface Instance {
  version: string
  open_signup: boolean
  has_users: boolean
}

export interface User {
  id: string
  email: string
  name: string
  is_admin: boolean
  created_at: string
}

export interface Session {
  user: User
  access_token: string
  expires_in: number
}

export type Role = 'owner' | 'admin' | 'member' | 'viewer'

export interface Organization {
  id: string
  name: string
  role: Role
}

export interface Me {
  user: User
  organizations: Organization[]
}

export interface SignInSession {
  id: string
  created_at: string
  last_seen_at: string
  expires_at: string
  user_agent: string | null
  ip: string | null
  current: boolean
}

export interface Member {
  user_id: string
  email: string
  name: string
  role: Role
}

export type Scope = 'read' | 'write' | 'admin'

export interface ApiKey {
  id: string
  name: string
  prefix: string
  scopes: Scope[]
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
}

export interface AuditEntry {
  id: string
  at: string
  actor: { id: string | null; email: string | null; kind: 'user' | 'key' | 'system' }
  action: string
  resource: { kind: string; id: string | null; name: string | null }
  details: Record<string, unknown> | null
  ip: string | null
}

export interface Project {
  id: string
  name: string
  description: string | null
  organization_id: string
  role: Role
  created_at: string
  is_sample: boolean
  codebase_count: number
  table_count: number
  column_count: number
  usage_count: number
}

export type RunState = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled'

export interface ScanLanguage {
  language: string
  files: number
  lines: number
  bytes: number
  usages: number
  errors: number
  supported: boolean
}

export interface Scan {
  id: string
  state: RunState
  started_at: string | null
  finished_at: string | null
  seconds: number | null
  files: { total: number; scanned: number; skipped: number; unsupported: number; bytes: number }
  tables: number
  columns: number
  usages: number
  not_understood: number
  languages: ScanLanguage[]
  readers: { reader: string; path: string; models: number }[]
  skipped: { reason: string; count: number; examples: string[] }[]
}

export interface Codebase {
  id: string
  project_id: string
  name: string
  filename: string | null
  size_bytes: number
  origin: 'upload' | 'sample'
  state: RunState
  job_id: string | null
  created_at: string
  scan: Scan | null
}

export interface FileEntry {
  path: string
  language: string | null
  lines: number
  size_bytes: number
  usage_count: number
  status: 'scanned' | 'skipped' | 'unsupported'
  reason: string | null
}

export interface FileContent {
  path: string
  language: string | null
  lines: number
  size_bytes: number
  content: string
  truncated: boolean
  usages: Usage[]
}

export type UsageKind = 'read' | 'write' | 'update' | 'delete' | 'join' | 'filter' | 'projection'
export type Tier = 'A' | 'B' | 'C'

export interface Evidence {
  text: string
  file_path?: string | null
  line_number?: number | null
}

export interface Usage {
  id: string
  column_id: string
  table_name: string
  column_name: string
  file_path: string
  line_number: number
  end_line: number
  start_column: number
  end_column: number
  symbol: string | null
  code_snippet: string
  language: string
  usage_type: UsageKind
  sub_type: 'sort' | 'group' | 'implicit' | 'lazy' | null
  via: 'orm' | 'sql' | 'attribute' | 'derived'
  tier: Tier
  evidence: Evidence[]
}

export interface ColumnRef {
  table: string
  column: string
}

export interface ColumnSummary {
  column_id: string
  table_name: string
  column_name: string
  type: string
  nullable: boolean
  primary_key: boolean
  references: ColumnRef | null
  total: number
  counts: Record<UsageKind, number>
  files: number
  languages: string[]
}

export interface LineagePage {
  usages: Usage[]
  column_summaries: ColumnSummary[]
  next: string | null
}

export interface GraphColumn {
  column_id: string
  name: string
  type: string
  primary_key: boolean
  total: number
}

export interface GraphTable {
  name: string
  kind: 'table' | 'view'
  total: number
  columns: GraphColumn[]
}

export interface GraphSymbol {
  symbol: string
  total: number
  counts: Partial<Record<UsageKind, number>>
}

export interface GraphFile {
  file_path: string
  language: string
  total: number
  symbols: GraphSymbol[]
}

export interface GraphEdge {
  column_id: string
  file_path: string
  symbol: string
  usage_type: UsageKind
  count: number
  line_number: number
  tier: Tier
}

export interface Graph {
  tables: GraphTable[]
  code: GraphFile[]
  edges: GraphEdge[]
  relations: { from_column_id: string; to_column_id: string; kind: 'foreign_key' | 'view' }[]
  hidden: { tables: number; files: number; usages: number }
}

export interface NotUnderstood {
  id: string
  file_path: string
  line_number: number
  text: string
  reason: string
}

export interface SkippedFile {
  path: string
  reason: string
  size_bytes: number
}
