// The names the UI uses for the wire types; the types themselves are generated from the server's OpenAPI (schema.d.ts).
import type { components } from './schema'

type Wire = components['schemas']

/** One page of a list; the generated types name each list by itself. */
export interface Page<T> {
  items: T[]
  next: string | null
}

export type Problem = Partial<Wire['Problem']> & { status: number }

export type Instance = Wire['InstanceOut']
export type User = Wire['UserOut']
export type Session = Wire['SignedInOut']
export type Organization = Wire['OrganizationOut']
export type Me = Wire['MeOut']
export type SignInSession = Wire['SessionOut']
export type Member = Wire['MemberOut']
export type Role = Wire['RoleIn']['role']
export type ApiKey = Wire['KeyOut']
export type NewApiKey = Wire['NewKeyOut']
export type Scope = Wire['KeyIn']['scopes'][number]
export type AuditEntry = Wire['AuditOut']

export type Project = Wire['ProjectOut']
export type Codebase = Wire['CodebaseOut']
export type Scan = Wire['ScanOut']
export type RunState = Wire['JobOut']['state']
export type FileEntry = Wire['FileOut']
export type FileContent = Wire['FileViewOut']
export type NotUnderstood = Wire['MissOut']
export type SkippedFile = Wire['SkippedOut']

export type Usage = Wire['UsageOut']
export type UsageKind = Usage['usage_type']
export type Tier = Usage['tier']
export type ColumnSummary = Wire['ColumnSummaryOut']
export type LineagePage = Wire['LineageOut']
export type Graph = Wire['GraphOut']
export type GraphColumn = Wire['GraphColumnOut']
export type GraphEdge = Wire['GraphEdgeOut']

export type SchemaEntry = Wire['SchemaSummaryOut']
export type DatabaseSchema = Wire['SchemaOut']
export type SchemaTable = Wire['SchemaTableOut']
export type SchemaColumn = Wire['SchemaColumnOut']

export interface PhaseProgress {
  name: string
  state: 'done' | 'now' | 'wait'
  done: number | null
  total: number | null
  seconds: number | null
  note: string | null
}

/** What the progress of a scan tells beyond a number: the wire calls it an object, since each kind of job has its own. */
export interface ScanDetail {
  phases?: PhaseProgress[]
  languages?: { language: string; files: number; lines: number; usages: number; errors: number }[]
  found?: { tables: number; columns: number; usages: number }
  skipped?: { reason: string; count: number }[]
}

export type Job = Omit<Wire['JobOut'], 'progress'> & { progress: Omit<Wire['ProgressOut'], 'detail'> & { detail?: ScanDetail | null } }
export type LogLine = Wire['LogLineOut']

// The server lets an engine have any language; these are those that the UI has an editor for.
export type Engine = Omit<Wire['EngineOut'], 'language'> & { language: 'sql' | 'mongodb' | 'redis' }
export type Database = Wire['DatabaseOut']
export type Connection = Wire['ConnectionIn']
export type ConnectionTest = Wire['ConnectionTestOut']
export type ParsedUrl = Wire['ParsedUrlOut']
export type Credentials = Wire['CredentialsOut']
export type MetricPoint = Wire['MetricPoint']
export type LiveSchema = Wire['Schema']
export type LiveRelation = Wire['Relation']
export type LiveColumn = Wire['Column']
export type QueryAnswer = Wire['QueryOut']
export type QueryResult = Wire['ResultOut']
export type ResultColumn = Wire['ResultColumnOut']
export type QueryProblem = Wire['QueryProblem']
export type Cell = string | number | boolean | null
export type Finding = Wire['Finding']
export type Plan = Wire['PlanOut']
export type PlanNode = Wire['PlanNodeOut']
export type Run = Wire['RunOut']
export type SavedQuery = Omit<Wire['SavedQueryOut'], 'chart'> & { chart: Chart }
export type RowsPage = Wire['RowsOut']
export type RowFilter = Wire['FilterIn']
export type RowSort = Wire['SortIn']
export type StagedEdit = Wire['EditIn']
export type EditsAnswer = Wire['EditsOut']
export type SchemaChangesAnswer = Wire['SchemaChangesOut']
export type ServerSession = Wire['ServerSessionOut']
export type Transfer = Omit<Wire['TransferOut'], 'job'> & { job: Job | null }
export type CopyPlan = Wire['CopyPlanOut']
export type CopyLoss = Wire['LossOut']
export type TablePlan = Wire['TablePlanOut']
export type Compared = Wire['ComparedOut']
export type ImportPreview = Omit<Wire['ImportPreviewOut'], 'transfer'> & { transfer: Transfer }
export type ImportOrder = Wire['ImportIn']
export type ExportFormat = Wire['ExportTablesIn']['format']

type WithJob<T extends { job: unknown }> = Omit<T, 'job'> & { job: Job | null }
export type Snapshot = WithJob<Wire['SnapshotOut']>
export type SnapshotDetail = WithJob<Wire['SnapshotDetailOut']>
export type SnapshotTable = Wire['SnapshotTableOut']
export type SnapshotLink = Wire['LinkOut']
export type ListedLink = Wire['ListedLinkOut']
export type ExtractFormat = Wire['LinkIn']['format']
export type SnapshotRequest = Wire['SnapshotIn']
export type Restore = WithJob<Wire['RestoreOut']>
export type RestoreOrder = Required<Wire['RestoreIn']>
export type RestorePlan = Wire['RestorePlanOut']
export type RestoreStep = Wire['RestoreStepOut']
export type StoragePoint = Wire['StoragePointOut']
export type Storage = Wire['StorageOut']
export type Vault = Wire['VaultOut']
export type Policy = Wire['PolicyOut']
export type PolicyOrder = Required<Wire['PolicyIn']>
export type PolicyPreview = Wire['PolicyPreviewOut']
export type PlannedSnapshot = Wire['PlannedOut']
export type PolicyRun = Wire['PolicyRunOut']
export type Alert = Wire['AlertOut']
export type VaultPlace = Wire['VaultIn']
export type Compression = Wire['CompressionIn']
export type VaultKey = Wire['VaultKeyOut']
export type VaultUsage = Wire['VaultUsageOut']
export type RecoveryStatus = Wire['RecoveryStatusOut']
export type RecoveryWish = Wire['RecoveryIn']
export type RecoverOrder = Required<Wire['RecoverIn']>
export type RecoverPlan = Wire['RecoverPlanOut']
export type Recovered = WithJob<Wire['RecoveredOut']>

export type Migration = Wire['MigrationOut']
export type MigrationText = Wire['MigrationText']
export type MigrationsRun = Wire['MigrationsRunOut']
export type Holder = Wire['HolderOut']
export type Entry = Wire['EntryOut']
export type EntriesPage = Wire['EntriesOut']
export type Part = Wire['PartOut']
export type PartsPage = Wire['PartsOut']
export type EntryChange = Wire['EntryChangeIn']
export type EntryChangeAnswer = Wire['EntryChangeOut']
export type Chart = Required<Wire['Chart']>
export type DashboardEntry = Wire['DashboardSummary']
export type Dashboard = Omit<Wire['DashboardOut'], 'tiles'> & { tiles: Tile[] }
export type Tile = Omit<Wire['TileOut'], 'chart'> & { chart: Chart }
export type TileData = Wire['TileData']

/** A drawn query. The wire calls what has a default optional, though the server always writes it. */
type Whole<T> = T extends (infer Item)[] ? Whole<Item>[] : T extends object ? { [Name in keyof T]-?: Whole<Exclude<T[Name], undefined>> } : T
export type DrawnQuery = Whole<Wire['Query-Output']>
export type DrawnAnswer = Omit<Wire['DrawnOut'], 'query'> & { query: DrawnQuery | null }
export type DrawnJoin = DrawnQuery['joins'][number]
export type DrawnTable = DrawnQuery['table']
export type DrawnPick = DrawnQuery['picks'][number]
export type DrawnSort = DrawnQuery['sort'][number]
export type DrawnTerm = DrawnPick['term']
export type DrawnGroup = DrawnQuery['where']
export type DrawnCondition = Extract<DrawnGroup['items'][number], { operator: unknown }>
