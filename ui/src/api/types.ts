// The names the UI uses for the wire types; the types themselves are generated from the server's OpenAPI (schema.d.ts).
import type { components } from './schema'

type Wire = components['schemas']

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

/** The detail of a scan's progress: the API calls it an object, since each kind of job has its own. */
export interface ScanDetail {
  phases?: PhaseProgress[]
  languages?: { language: string; files: number; lines: number; usages: number; errors: number }[]
  found?: { tables: number; columns: number; usages: number }
  skipped?: { reason: string; count: number }[]
}

export type Job = Wire['JobOut']
export type LogLine = Wire['LogLineOut']

export type Engine = Wire['EngineOut']
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
export type SavedQuery = Wire['SavedQueryOut']
export type RowsPage = Wire['RowsOut']
export type RowFilter = Wire['FilterIn']
export type RowSort = Wire['SortIn']
export type StagedEdit = Wire['EditIn']
export type EditsAnswer = Wire['EditsOut']
export type SchemaChangesAnswer = Wire['SchemaChangesOut']
export type ServerSession = Wire['ServerSessionOut']
export type Extension = Wire['ExtensionOut']
export type Transfer = Wire['TransferOut']
export type CopyPlan = Wire['CopyPlanOut']
export type CopyLoss = Wire['LossOut']
export type TablePlan = Wire['TablePlanOut']
export type Compared = Wire['ComparedOut']
export type ImportPreview = Wire['ImportPreviewOut']
export type ImportOrder = Wire['ImportIn']
export type ExportFormat = NonNullable<Wire['ExportTablesIn']['format']>

export type Snapshot = Wire['SnapshotOut']
export type SnapshotDetail = Wire['SnapshotDetailOut']
export type SnapshotTable = Wire['SnapshotTableOut']
export type SnapshotLink = Wire['LinkOut']
export type ListedLink = Wire['ListedLinkOut']
export type ExtractFormat = NonNullable<Wire['LinkIn']['format']>
export type SnapshotRequest = Wire['SnapshotIn']
export type Restore = Wire['RestoreOut']
export type RestoredTable = Wire['RestoredTableOut']
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
export type VaultToOpen = Required<Wire['VaultOpenIn']>
export type OpenedVault = Wire['OpenedVaultOut']
export type StoredSnapshot = Wire['StoredSnapshotOut']
export type Compression = Wire['CompressionIn']
export type VaultKey = Wire['VaultKeyOut']
export type VaultUsage = Wire['VaultUsageOut']
export type RecoveryStatus = Wire['RecoveryStatusOut']
export type RecoveryWish = Wire['RecoveryIn']
export type RecoverOrder = Required<Wire['RecoverIn']>
export type RecoverPlan = Wire['RecoverPlanOut']
export type Recovered = Wire['RecoveredOut']

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
export type Chart = Wire['Chart']
export type DashboardEntry = Wire['DashboardSummary']
export type Dashboard = Wire['DashboardOut']
export type Tile = Wire['TileOut']
export type TileData = Wire['TileData']

export type DrawnQuery = Wire['Query-Output']
export type DrawnAnswer = Wire['DrawnOut']
export type DrawnJoin = DrawnQuery['joins'][number]
export type DrawnTable = DrawnQuery['table']
export type DrawnPick = DrawnQuery['picks'][number]
export type DrawnSort = DrawnQuery['sort'][number]
export type DrawnTerm = DrawnPick['term']
export type DrawnGroup = DrawnQuery['where']
export type DrawnCondition = Extract<DrawnGroup['items'][number], { operator: unknown }>

export type ApiKeyRequest = Wire['KeyIn']
export type CellRequest = Wire['CellIn']
export type ConnectionRequest = Wire['NewConnection']
export type CopyRequest = Wire['CopyIn']
export type DashboardChange = Wire['DashboardChange']
export type DatabaseRequest = Wire['NewDatabase']
export type EditsRequest = Wire['EditsIn']
export type EntriesRequest = Wire['EntriesIn']
export type ExportRequest = Wire['ExportTablesIn']
export type ImportRequest = Wire['ImportIn']
export type LinkRequest = Wire['LinkIn']
export type Invitation = Wire['InvitationOut']
export type InvitationOffer = Wire['InvitationOfferOut']
export type InvitationRequest = Wire['InvitationIn']
export type MigrationRequest = Wire['MigrationIn']
export type ProjectRequest = Wire['ProjectIn']
export type QueryRequest = Wire['QueryIn']
export type ReportFormat = 'csv' | 'json' | 'html'
export type ResultFormat = NonNullable<Wire['ExportIn']['format']>
export type RowsRequest = Wire['RowsIn']
export type SavedQueryRequest = Wire['SavedQueryIn']
export type SchemaChange = Wire['SchemaChangesIn']['changes'][number]
export type PasswordRequest = Wire['PasswordIn']
export type Enrolment = Wire['EnrolmentOut']
export type AccountLink = Wire['AccountLinkOut']
export type EmailRequest = Wire['NewEmailIn']
export type ResetRequest = Wire['ResetIn']
export type UserDetail = Wire['UserDetailOut']
export type Proof = Wire['ProofIn']
export type SecondFactor = Wire['SecondFactorOut']
export type SignInRequest = Wire['FullSignInIn']
export type SignUpRequest = Wire['SignUpIn']
export type SnapshotQueryRequest = Wire['SnapshotQueryIn']
export type TileChange = Wire['TileChange']

export type IdentityProvider = Wire['ProviderOut']
export type Identity = Wire['IdentityOut']
export type FlowResult = Wire['FlowResultOut']
export type FlowAnswer = Wire['FlowAnswerIn']
export type Passkey = Wire['PasskeyOut']
export type PasskeyResult = Wire['PasskeyResultIn']
