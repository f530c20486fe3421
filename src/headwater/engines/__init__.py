"""Database engines: one folder each, found by listing the folder.

An engine package has one value, `ENGINE`: its identity, its core functions, and an object for each optional capability
(`engine.snapshots`, `engine.recovery`, `engine.proxy`, …) or None where the engine does not have it. Other code never
asks for an engine by its name.
"""

from headwater.engines._address import Address
from headwater.engines._browse import BrowsingSupport
from headwater.engines._decode import ConversionError, Decoder, DecodingSupport, DocumentFlattening
from headwater.engines._discovery import DEFAULT_ENGINE, all_engines, engine, parse_url
from headwater.engines._engine import (
    ActivitySupport,
    AlterStep,
    Engine,
    ExplainSupport,
    ExportForm,
    ExportSupport,
)
from headwater.engines._extensions import ExtensionSupport
from headwater.engines._option import Option
from headwater.engines._patches import PatchSupport, TablePatch, replacing_columns
from headwater.engines._provision import Instance, ProvisioningSupport, ServerCommand, SessionCounts, reader_password
from headwater.engines._proxy import ConnectionMeter, ProxyContext, ProxySupport, Upstream, UpstreamResolver
from headwater.engines._recovery import (
    BaseBackup,
    BaseBackupInfo,
    FileBlock,
    LogPosition,
    LogSegment,
    RecoveryResult,
    RecoverySupport,
    RecoveryTarget,
)
from headwater.engines._refusals import ConnectionRefused, LoginRefused
from headwater.engines._schema_archives import (
    ArchivePlan,
    ArchiveRefusal,
    ArchiveRestore,
    ArchiveStatement,
    SchemaArchive,
    SchemaArchiver,
)
from headwater.engines._scripts import ScriptContent, ScriptLoader, ScriptOutcome, ScriptStatement, ScriptSupport
from headwater.engines._session import Parameters, ServerFacts, Session
from headwater.engines._snapshots import (
    STANDALONE_ROWS,
    Baseline,
    Batch,
    BulkLoader,
    CatchUp,
    ChangeTracking,
    Hint,
    InPlaceRestore,
    InPlaceRestoreSupport,
    Key,
    Mode,
    RowsDiffer,
    SnapshotColumn,
    SnapshotReader,
    SnapshotSupport,
    SnapshotTable,
    TableRestoreRequest,
    TableRestoreResult,
    When,
    dangling_reference_error,
)
from headwater.engines._transfer import Columns, SqlTransfer, TransferSource, TransferSupport, TransferTarget, drop_all

__all__ = [
    "DEFAULT_ENGINE",
    "STANDALONE_ROWS",
    "ActivitySupport",
    "Address",
    "AlterStep",
    "ArchivePlan",
    "ArchiveRefusal",
    "ArchiveRestore",
    "ArchiveStatement",
    "BaseBackup",
    "BaseBackupInfo",
    "Baseline",
    "Batch",
    "BrowsingSupport",
    "BulkLoader",
    "CatchUp",
    "ChangeTracking",
    "Columns",
    "ConnectionMeter",
    "ConnectionRefused",
    "ConversionError",
    "Decoder",
    "DecodingSupport",
    "DocumentFlattening",
    "Engine",
    "ExplainSupport",
    "ExportForm",
    "ExportSupport",
    "ExtensionSupport",
    "FileBlock",
    "Hint",
    "InPlaceRestore",
    "InPlaceRestoreSupport",
    "Instance",
    "Key",
    "LogPosition",
    "LogSegment",
    "LoginRefused",
    "Mode",
    "Option",
    "Parameters",
    "PatchSupport",
    "ProvisioningSupport",
    "ProxyContext",
    "ProxySupport",
    "RecoveryResult",
    "RecoverySupport",
    "RecoveryTarget",
    "RowsDiffer",
    "SchemaArchive",
    "SchemaArchiver",
    "ScriptContent",
    "ScriptLoader",
    "ScriptOutcome",
    "ScriptStatement",
    "ScriptSupport",
    "ServerCommand",
    "ServerFacts",
    "Session",
    "SessionCounts",
    "SnapshotColumn",
    "SnapshotReader",
    "SnapshotSupport",
    "SnapshotTable",
    "SqlTransfer",
    "TablePatch",
    "TableRestoreRequest",
    "TableRestoreResult",
    "TransferSource",
    "TransferSupport",
    "TransferTarget",
    "Upstream",
    "UpstreamResolver",
    "When",
    "all_engines",
    "dangling_reference_error",
    "drop_all",
    "engine",
    "parse_url",
    "reader_password",
    "replacing_columns",
]
