"""The wire shapes of snapshots, of what is restored of them, and of vaults."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from headwater.features.accounts.api_models import Input, Text, Wire
from headwater.features.databases.api_models import Name
from headwater.features.jobs.api_models import JobOut

TableName = Annotated[Text, Field(min_length=1, max_length=300)]
Tables = Annotated[list[TableName], Field(min_length=1, max_length=10_000)]
Label = Annotated[Text, Field(max_length=200)]
Mode = Literal["empty", "overwrite", "append", "append_missing"]
CodecName = Literal["zstd", "gzip", "deflate", "lz4", "none"]
Short = Annotated[Text, Field(max_length=300)]


class SnapshotIn(Input):
    """A snapshot to be taken: of some tables, by their names with or without a schema, of all but some, or of all."""

    label: Label = ""
    tables: Tables | None = None
    exclude: Tables | None = None


class SnapshotChange(Input):
    """What to change of a snapshot; what is left out stays. One that is held cannot be deleted."""

    label: Label | None = None
    held: bool | None = None


class VerificationOut(Wire):
    """How the last verification went: `deep` read so many percent of the pages, `quick` looked whether all is there."""

    kind: Literal["quick", "deep"] = "quick"
    ok: bool
    pages: int = 0
    bytes: int = 0
    percent: int = 100
    problems: list[str] = Field(default_factory=list)


class SnapshotOut(Wire):
    """A snapshot.

    `raw_bytes` counts the text of all values, `stored_bytes` what the snapshot consists of in the vault, `new_bytes`
    what it added. `by` is the name of who asked for it, `scheduled` says that it was a policy. `grew` marks one that
    added far more than those before it.
    `database_id` is null when the database is gone; the snapshot stays.
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
    verified_at: datetime | None
    verification: VerificationOut | None
    drilled_at: datetime | None
    drill_seconds: float | None
    job: JobOut | None


class SnapshotColumnOut(Wire):
    """A column of a table, with its type as the engine spells it."""

    name: str
    type: str


class SnapshotTableOut(Wire):
    """A table of a snapshot; `key` names the columns that tell its rows apart.

    With `apart` the rows are of no table (large objects of PostgreSQL): they come back only with a whole database.
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
    """A snapshot with its tables; `moment` is what the engine calls the moment, `request` what was asked for."""

    moment: dict[str, Any]
    request: dict[str, Any]
    contents: list[SnapshotTableOut]


class RestoreIn(Input):
    """Where a snapshot shall be restored: into a new database called `name`, or into the one of `target_id`.

    `mode` says what happens to tables that are there: with `empty` there must be none, `overwrite` replaces their
    rows, `append` adds the snapshot's rows to theirs, `append_missing` only those whose key is not there.
    """

    name: Name | None = None
    project_id: uuid.UUID | None = None
    target_id: uuid.UUID | None = None
    tables: Tables | None = None
    mode: Mode = "empty"
    confirmed: bool = False


class RestoredTableOut(Wire):
    """A table after a restore: rows of the snapshot, rows that were written, rows that are there now."""

    table: str
    expected: int
    written: int
    found: int
    same: bool


class RestoreOut(Wire):
    """A restore and what came of it; `undo_id` is the snapshot that was taken of the target before it changed."""

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
    job: JobOut | None


class RestoreStepOut(Wire):
    """What a restore would do to one table; `rows_there` is what the target estimates, if it does."""

    table: str
    rows: int
    rows_there: int | None
    action: Literal["create", "replace", "append", "append_missing", "leave", "refuse"]
    sentence: str


class RestorePlanOut(Wire):
    """What a restore would do; with `refusals` it would not begin. `undo`: a snapshot is taken of the target first."""

    target_name: str
    fresh: bool
    undo: bool
    steps: list[RestoreStepOut]
    refusals: list[str]


class VerificationIn(Input):
    """How thoroughly: `quick` looks whether all is there, `deep` reads and decrypts every page."""

    kind: Literal["quick", "deep"] = "quick"


class VaultIn(Input):
    """Where new snapshots shall go: to this Headwater's own disk, or to a bucket of S3 or what speaks its protocol."""

    kind: Literal["local", "s3"]
    bucket: Short = ""
    prefix: Short = ""
    endpoint: Annotated[Text, Field(max_length=1000, description="Empty: Amazon's own.")] = ""
    region: Short = "us-east-1"
    access_key: Short = ""
    secret_key: Annotated[SecretStr, Field(max_length=1000)] = SecretStr("")


class CompressionIn(Input):
    """How new pages are compressed: zstd has the levels 1 to 19, gzip and deflate 1 to 9, lz4 and none only 0."""

    codec: CodecName
    level: int = 0


class VaultKeyOut(Wire):
    """One way to open a vault."""

    id: str
    kind: Literal["passphrase", "key", "service"]
    label: str


class VaultOut(Wire):
    """Where an organization's snapshots are. `id` is null before the first one is taken.

    `snapshots` counts those that are complete; `raw_bytes`, `stored_bytes` and `new_bytes` are their sums, so that
    `new_bytes` is about what they take.
    """

    id: uuid.UUID | None
    kind: Literal["local", "s3"]
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


class VaultUsageOut(Wire):
    """What a vault takes of its storage, counted there."""

    packs: int
    bytes: int
    snapshots: int


class PassphraseIn(Input):
    """A passphrase that opens the vault without this Headwater."""

    passphrase: Annotated[SecretStr, Field(min_length=12, max_length=1000)]
    label: Label = ""


class StoragePointOut(Wire):
    """What one snapshot took, for a chart over time; `grew` as in the snapshot, `whole` where it shares with none."""

    id: uuid.UUID
    taken_at: datetime
    raw_bytes: int
    stored_bytes: int
    new_bytes: int
    seconds: float | None
    grew: bool
    whole: bool


class StorageOut(Wire):
    """The snapshots of a database over time, oldest first, and their sums."""

    points: list[StoragePointOut]
    raw_bytes: int
    stored_bytes: int
    new_bytes: int
