"""The wire shapes of snapshots, restores and vaults."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from headwater.features.accounts.api_models import Change, Input, Text, Wire
from headwater.features.databases.api_models import Name
from headwater.features.jobs.api_models import JobOut

TableName = Annotated[Text, Field(min_length=1, max_length=300)]
Tables = Annotated[list[TableName], Field(min_length=1, max_length=10_000)]
Label = Annotated[Text, Field(max_length=200)]
Mode = Literal["empty", "overwrite", "append", "append_missing"]
CodecName = Literal["zstd", "gzip", "deflate", "lz4", "none"]
Short = Annotated[Text, Field(max_length=300)]


class SnapshotIn(Input):
    """A snapshot to take: of all tables, only of `tables`, or of all but `exclude`. Table names may omit the schema."""

    label: Label = ""
    tables: Tables | None = None
    exclude: Tables | None = None


class SnapshotChange(Change):
    """Changes to a snapshot; omitted fields keep their values. A held snapshot cannot be deleted."""

    label: Label | None = None
    held: bool | None = None


class VerificationOut(Wire):
    """Result of the last verification: `quick` checked that everything exists, `deep` read `percent` of the pages."""

    kind: Literal["quick", "deep"] = "quick"
    ok: bool
    pages: int = 0
    bytes: int = 0
    percent: int = 100
    problems: list[str] = Field(default_factory=list)


class ProofOut(Wire):
    """Whether the schema of a snapshot was restored into a scratch database, and came back as it was.

    `refused` has sentences about objects that the database refused to create, `different` names those that came back
    different. `untried` has sentences about objects that the scratch server does not support. `summary` says it in
    a few words.
    """

    state: Literal["pending", "proven", "unproven", "refuted"]
    summary: str
    equal: int
    refused: list[str]
    different: list[str]
    untried: list[str]
    server: str
    at: datetime | None


class SnapshotOut(Wire):
    """A snapshot.

    `raw_bytes` is the size of all values as text, `stored_bytes` the compressed size of all data that the snapshot
    uses in the vault, and `new_bytes` the part of it that no earlier snapshot had stored. `by` is the name of the
    user who requested it; `scheduled` is true if a policy did. `grew` is true if it added far more data than the
    snapshots before it. `partial` is true if only some tables were requested; `undo` if it was taken to undo a restore.
    `database_id` is null if the database was deleted; its snapshots are kept. `losses` are sentences about what it
    lacks of its database, or what a restore does differently; the manifest in the vault has them, too.
    """

    id: uuid.UUID
    organization_id: uuid.UUID
    project_id: uuid.UUID | None
    database_id: uuid.UUID | None
    database_name: str
    vault_id: uuid.UUID
    label: str
    status: Literal["taking", "complete", "failed", "deleting"]
    error: str | None
    engine: str
    product: str
    by: str | None
    scheduled: bool
    partial: bool
    undo: bool
    parent_id: uuid.UUID | None
    tables: int
    rows: int
    raw_bytes: int
    stored_bytes: int
    new_bytes: int
    seconds: float | None
    grew: bool
    held: bool
    taken_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    losses: list[str]
    verified_at: datetime | None
    verification: VerificationOut | None
    drilled_at: datetime | None
    drill_seconds: float | None
    drill_summary: str | None
    proof: ProofOut | None
    job: JobOut | None


class SnapshotColumnOut(Wire):
    """A column of a table, with the type name of the engine."""

    name: str
    type: str


class SnapshotTableOut(Wire):
    """A table of a snapshot; `key` names the columns that identify a row.

    If `apart` is true, the rows belong to no table (large objects of PostgreSQL). They are restored only with a whole
    database, or by name into a new or empty one.
    """

    schema_name: str | None = Field(serialization_alias="schema")
    name: str
    columns: list[SnapshotColumnOut]
    key: list[str]
    rows: int
    raw_bytes: int
    stored_bytes: int
    new_bytes: int
    apart: bool


class SnapshotDetailOut(SnapshotOut):
    """A snapshot with its tables; `moment` is the engine's log position or time, `request` the requested tables."""

    moment: dict[str, Any]
    request: dict[str, Any]
    contents: list[SnapshotTableOut]


class RestoreIn(Input):
    """Where to restore a snapshot: into a new database called `name`, or into the existing database `target_id`.

    `mode` says what to do with existing tables: `empty` refuses if one of them exists, `overwrite` replaces their rows,
    `append` adds the snapshot's rows, `append_missing` adds only rows whose key does not exist.
    """

    name: Name | None = None
    project_id: uuid.UUID | None = None
    target_id: uuid.UUID | None = None
    tables: Tables | None = None
    mode: Mode = "empty"
    confirmed: bool = False


class RestoredTableOut(Wire):
    """A table after a restore: its rows in the snapshot, written, and now in the table.

    `same` says that the counts are as they should be. `contents` compares the rows themselves by a digest: with those
    of the snapshot, or after `append` with those and the earlier ones; `counted` if only their number was compared.
    """

    table: str
    expected: int
    written: int
    found: int
    same: bool
    contents: Literal["equal", "different", "counted"] = "counted"


class SchemaComparisonOut(Wire):
    """A comparison of the objects of a schema with those of a snapshot: how many are equal, and what differs by name.

    `missing` objects are only in the snapshot, `extra` ones only in the database. If there was no comparison, `reason`
    says why.
    """

    equal: int
    different: list[str] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list)
    extra: list[str] = Field(default_factory=list)
    reason: str = ""


class RestoreOut(Wire):
    """A restore and its result; `undo_id` is the snapshot of the target that was taken before the restore.

    `summary` says what was compared at the end; `differs` is true if something differs from the snapshot. `outcome` is
    `equal`, `different`, `unchecked` if nothing is known to differ but not everything was compared, or `incomplete` if
    the database refused some objects: then all rows are restored, and `refused` has a sentence about each object.
    """

    id: uuid.UUID
    snapshot_id: uuid.UUID
    target_id: uuid.UUID | None
    target_name: str
    fresh: bool
    mode: Mode
    request: dict[str, Any]
    undo_id: uuid.UUID | None
    created_at: datetime
    seconds: float | None
    tables: list[RestoredTableOut]
    schema_comparison: SchemaComparisonOut | None
    summary: str | None
    differs: bool
    outcome: Literal["equal", "incomplete", "different", "unchecked"] | None
    refused: list[str]
    job: JobOut | None


class RestoreStepOut(Wire):
    """What a restore would do to one table; `rows_there` is the target's own estimate of its rows, if it has one."""

    table: str
    rows: int
    rows_there: int | None
    action: Literal["create", "replace", "append", "append_missing", "leave", "refuse"]
    sentence: str


class RestorePlanOut(Wire):
    """What a restore would do. It cannot start if there are `refusals`. If `undo`, it takes a snapshot first."""

    target_name: str
    fresh: bool
    undo: bool
    steps: list[RestoreStepOut]
    refusals: list[str]


class VerificationIn(Input):
    """How to verify: `quick` checks that everything exists, `deep` reads and decrypts every page."""

    kind: Literal["quick", "deep"] = "quick"


class VaultIn(Input):
    """Where a vault is: in a folder of the machine of the server, or in an S3 (or S3-compatible) bucket.

    Without `folder`, a local vault is in the home folder of the server; only an administrator may name a folder.
    """

    kind: Literal["local", "s3"]
    folder: Annotated[Text, Field(max_length=1000)] = ""
    bucket: Short = ""
    prefix: Short = ""
    endpoint: Annotated[Text, Field(max_length=1000, description="URL of the S3 service; leave empty for Amazon.")] = ""
    region: Short = "us-east-1"
    access_key: Short = ""
    secret_key: Annotated[SecretStr, Field(max_length=1000)] = SecretStr("")


class CompressionIn(Input):
    """Compression of new pages: zstd has the levels 1 to 19, gzip and deflate 1 to 9, lz4 and none only 0."""

    codec: CodecName
    level: int = 0


class VaultKeyOut(Wire):
    """A key that opens a vault."""

    id: str
    kind: Literal["passphrase", "key", "service"]
    label: str


class VaultOpenIn(VaultIn):
    """An existing vault to open, with a passphrase of it or the content of the `envelope.key` of its Headwater.

    Its snapshots are added to `project_id`, or to the oldest project of the organization. It becomes the vault for new
    snapshots if the organization has none yet, unless `read_only`. `take_over` ignores snapshots that another Headwater
    is taking. `former_organization_id` is needed for a key only if the vault does not name its organization.
    """

    passphrase: Annotated[SecretStr, Field(max_length=1000)] = SecretStr("")
    key: Annotated[SecretStr, Field(max_length=1000)] = SecretStr("")
    project_id: uuid.UUID | None = None
    read_only: bool = False
    take_over: bool = False
    former_organization_id: uuid.UUID | None = None


class VaultOut(Wire):
    """Where an organization stores its snapshots. `id` is null until the first one is taken.

    `snapshots` is the number of complete snapshots; `raw_bytes`, `stored_bytes` and `new_bytes` are their sums.
    `new_bytes` is roughly the space that they use. New snapshots are stored in the `current` vault; nothing is written
    into a `read_only` one.
    """

    id: uuid.UUID | None
    kind: Literal["local", "s3"]
    current: bool
    read_only: bool
    folder: str
    bucket: str
    prefix: str
    endpoint: str
    region: str
    access_key: str
    codec: CodecName
    level: int
    created_at: datetime | None
    snapshots: int
    raw_bytes: int
    stored_bytes: int
    new_bytes: int


class StoredSnapshotOut(Wire):
    """A snapshot of an opened vault; `added` is true if it was not known here before.

    It is `whole` if everything that it needs exists, `incomplete` if something is missing, `damaged` if its manifest
    cannot be read. What the manifest does not say is null.
    """

    id: str
    state: Literal["whole", "incomplete", "damaged"]
    problem: str | None
    added: bool
    organization: str | None
    database_name: str | None
    engine: str | None
    product: str | None
    label: str | None
    taken_at: datetime | None
    tables: int | None
    rows: int | None
    raw_bytes: int | None
    stored_bytes: int | None


class OpenedVaultOut(Wire):
    """A vault that was opened, and its snapshots, newest first.

    `recovery_manifests` is the number of its base backups and logs of point-in-time recovery, which are not used.
    """

    vault: VaultOut
    added: int
    recovery_manifests: int
    snapshots: list[StoredSnapshotOut]


class VaultUsageOut(Wire):
    """How much storage a vault uses, measured in the storage itself."""

    packs: int
    bytes: int
    snapshots: int


class PassphraseIn(Input):
    """A passphrase that opens the vault without this Headwater."""

    passphrase: Annotated[SecretStr, Field(min_length=12, max_length=1000)]
    label: Label = ""


class StoragePointOut(Wire):
    """Sizes of one snapshot, for a chart over time; `whole` is true if it has no parent snapshot to share data with."""

    id: uuid.UUID
    taken_at: datetime
    raw_bytes: int
    stored_bytes: int
    new_bytes: int
    seconds: float | None
    grew: bool
    whole: bool


class StorageOut(Wire):
    """Sizes of the snapshots of a database, oldest first, and their sums."""

    points: list[StoragePointOut]
    raw_bytes: int
    stored_bytes: int
    new_bytes: int
