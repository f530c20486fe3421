"""The tables of codebases and of the results of their newest complete scans.

Usages and columns are wide, plain rows whose only foreign key is the scan, because there may be a million of them;
they are deleted with their scan.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.models import Organization, Project
from headwater.kit.ids import new_id
from headwater.store.base import Base

NOW = func.now()


def _scan() -> Mapped[uuid.UUID]:
    return mapped_column(ForeignKey("scans.id", ondelete="CASCADE"), primary_key=True)


class Codebase(Base):
    """Source code: uploaded, read from a git repository, or what comes with Headwater (origin `sample`).

    `commit` is what the uploader said about an upload: its id, branch, subject and time, as `GitCommit` has them.
    """

    __tablename__ = "codebases"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Project.id, ondelete="CASCADE"), index=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(TEXT)
    filename: Mapped[str] = mapped_column(TEXT)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    origin: Mapped[str] = mapped_column(TEXT)
    job_id: Mapped[uuid.UUID | None]
    commit: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class GitSource(Base):
    """The git repository of a codebase; an empty `branch` is the default branch of the repository.

    The secret (a token or a private key) and that of the webhook are encrypted. `host_key` is the pinned key of the
    SSH host. `requested_at` is set while a scan is wanted that cannot start yet; `failure` is why the last one failed.
    """

    __tablename__ = "git_sources"
    __table_args__ = (
        CheckConstraint("credentials IN ('none', 'token', 'deploy_key')", name="credentials"),
        Index(
            "ix_git_sources_due",
            "next_at",
            "requested_at",
            postgresql_where=text("next_at IS NOT NULL OR requested_at IS NOT NULL"),
        ),
    )
    codebase_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("codebases.id", ondelete="CASCADE"), primary_key=True)
    url: Mapped[str] = mapped_column(TEXT)
    branch: Mapped[str] = mapped_column(TEXT, default="")
    default_branch: Mapped[str] = mapped_column(TEXT, default="")
    subfolder: Mapped[str] = mapped_column(TEXT, default="")
    credentials: Mapped[str] = mapped_column(TEXT, default="none")
    username: Mapped[str] = mapped_column(TEXT, default="")
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    public_key: Mapped[str] = mapped_column(TEXT, default="")
    host_key: Mapped[str] = mapped_column(TEXT, default="")
    sealed_webhook_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    cron: Mapped[str | None] = mapped_column(TEXT)
    timezone: Mapped[str] = mapped_column(TEXT, default="UTC")
    next_at: Mapped[datetime | None]
    requested_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(TEXT, default="")


class Scan(Base):
    """A complete scan: its totals, and its Schema in the catalog's stable JSON.

    `models_json` has the models of its readers, and `halves_json` the Schemas of models and of migrations on their own;
    both are None for scans of versions that did not store them. `unseen` are sentences on what it did not see; `commit`
    is the commit that was read, as `GitCommit` has it, if it is known.
    """

    __tablename__ = "scans"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    codebase_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("codebases.id", ondelete="CASCADE"), unique=True)
    job_id: Mapped[uuid.UUID]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    seconds: Mapped[float]
    tables: Mapped[int]
    columns: Mapped[int]
    usages: Mapped[int]
    not_understood: Mapped[int]
    files: Mapped[dict[str, Any]]
    languages: Mapped[list[Any]]
    readers: Mapped[list[Any]]
    skipped: Mapped[list[Any]]
    schema_json: Mapped[bytes] = mapped_column(LargeBinary)
    models_json: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    halves_json: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    unseen: Mapped[list[Any]]
    commit: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class ScanFile(Base):
    """A file and its result; `content` is its text, compressed with zlib, for the file view."""

    __tablename__ = "scan_files"
    scan_id: Mapped[uuid.UUID] = _scan()
    path: Mapped[str] = mapped_column(TEXT(collation="C"), primary_key=True)
    language: Mapped[str] = mapped_column(TEXT)
    lines: Mapped[int]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    usage_count: Mapped[int]
    status: Mapped[str] = mapped_column(TEXT)
    reason: Mapped[str] = mapped_column(TEXT)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)


class ScanColumn(Base):
    """A column of a table, with the totals of all its usages."""

    __tablename__ = "scan_columns"
    scan_id: Mapped[uuid.UUID] = _scan()
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID]
    table_name: Mapped[str] = mapped_column(TEXT)
    table_kind: Mapped[str] = mapped_column(TEXT)
    column_name: Mapped[str] = mapped_column(TEXT)
    type: Mapped[str] = mapped_column(TEXT)
    nullable: Mapped[bool]
    primary_key: Mapped[bool]
    ref_table: Mapped[str | None] = mapped_column(TEXT)
    ref_column: Mapped[str | None] = mapped_column(TEXT)
    counts: Mapped[dict[str, Any]]
    files: Mapped[int]
    languages: Mapped[list[Any]]


class ScanUsage(Base):
    """A usage; `n` numbers them by table, column, file and line, and is the key for paging."""

    __tablename__ = "scan_usages"
    __table_args__ = (
        Index("ix_scan_usages_column", "scan_id", "column_id", "usage_type"),
        Index("ix_scan_usages_file", "scan_id", "file_path", "line_number"),
    )
    scan_id: Mapped[uuid.UUID] = _scan()
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    column_id: Mapped[uuid.UUID]
    table_name: Mapped[str] = mapped_column(TEXT)
    column_name: Mapped[str] = mapped_column(TEXT)
    file_path: Mapped[str] = mapped_column(TEXT(collation="C"))
    line_number: Mapped[int]
    end_line: Mapped[int]
    start_column: Mapped[int]
    end_column: Mapped[int]
    symbol: Mapped[str] = mapped_column(TEXT)
    code_snippet: Mapped[str] = mapped_column(TEXT)
    language: Mapped[str] = mapped_column(TEXT)
    usage_type: Mapped[str] = mapped_column(TEXT)
    sub_type: Mapped[str | None] = mapped_column(TEXT)
    via: Mapped[str] = mapped_column(TEXT)
    tier: Mapped[str] = mapped_column(TEXT)
    evidence: Mapped[list[Any]]


class ScanMiss(Base):
    """Text that looks like SQL or a model but could not be parsed."""

    __tablename__ = "scan_misses"
    scan_id: Mapped[uuid.UUID] = _scan()
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file_path: Mapped[str] = mapped_column(TEXT)
    line_number: Mapped[int]
    text: Mapped[str] = mapped_column(TEXT)
    reason: Mapped[str] = mapped_column(TEXT)


class ScanEndpoint(Base):
    """An HTTP endpoint that the code declares, with the numbers of columns that it reads and writes."""

    __tablename__ = "scan_endpoints"
    scan_id: Mapped[uuid.UUID] = _scan()
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[uuid.UUID]
    method: Mapped[str] = mapped_column(TEXT)
    path: Mapped[str] = mapped_column(TEXT)
    framework: Mapped[str] = mapped_column(TEXT)
    handler: Mapped[str] = mapped_column(TEXT)
    file_path: Mapped[str] = mapped_column(TEXT)
    line_number: Mapped[int]
    columns_read: Mapped[int]
    columns_written: Mapped[int]


class ScanReach(Base):
    """Code with usages that an endpoint reaches: a function, or lines if `first_line` is not 0; `chain` leads there."""

    __tablename__ = "scan_reaches"
    __table_args__ = (
        Index("ix_scan_reaches_code", "scan_id", "file_path", "symbol"),
        Index("ix_scan_reaches_endpoint", "scan_id", "endpoint_n"),
    )
    scan_id: Mapped[uuid.UUID] = _scan()
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    endpoint_n: Mapped[int]
    file_path: Mapped[str] = mapped_column(TEXT(collation="C"))
    symbol: Mapped[str] = mapped_column(TEXT)
    first_line: Mapped[int]
    last_line: Mapped[int]
    chain: Mapped[list[Any]]


class CachedFacts(Base):
    """Facts that earlier scans computed from a file's content; a cache, which can be emptied at any time."""

    __tablename__ = "facts_cache"
    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime] = mapped_column(server_default=NOW, index=True)
