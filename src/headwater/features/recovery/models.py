"""The rows of recovery: archives of databases, their base backups, log segments and restore points, and recoveries."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.models import Organization
from headwater.features.databases.models import Database
from headwater.features.jobs.models import ClaimableRow, RowOfJob
from headwater.features.snapshots.models import VaultRecord
from headwater.kit.ids import new_id
from headwater.store.base import Base


class Archive(Base):
    """The archive of a database's log: its retention in days, and the days between base backups.

    New base backups and log segments go into the vault `vault_id`; each of them has its own. `archived_to` is the
    position where the archived log ends. `breaks` are positions where archiving was off: the log before one does not
    lead to the log behind it. Three fields hold a `LogPosition`: `seen` is the last
    one observed, `covered` the last one that lies before `archived_to`, `pending` the next one that must be archived.
    `database_id` is null if the database was destroyed: then its archive is deleted.
    """

    __tablename__ = "archives"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="RESTRICT"))
    database_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Database.id, ondelete="SET NULL"), unique=True)
    vault_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(VaultRecord.id, ondelete="RESTRICT"), index=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    window_days: Mapped[int]
    base_days: Mapped[int]
    archived_to: Mapped[int | None] = mapped_column(BigInteger)
    breaks: Mapped[list[int]] = mapped_column(JSONB, default=list)
    seen: Mapped[dict[str, Any]] = mapped_column(default=dict)
    covered: Mapped[dict[str, Any]] = mapped_column(default=dict)
    pending: Mapped[dict[str, Any]] = mapped_column(default=dict)
    spooled: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(TEXT, default="")
    problem_at: Mapped[datetime | None]
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ArchiveBase(ClaimableRow, Base):
    """A base backup, whose name in the vault is `base-` and its id; it is complete only after its manifest was written.

    It needs the log from `first` up to `ends` at least, and can restore every moment from `finished_at` on. `changes`
    is the engine's count of changes when the backup was started.
    """

    __tablename__ = "archive_bases"
    __table_args__ = (
        CheckConstraint("status IN ('taking', 'complete', 'deleting')", name="status"),
        Index("ix_archive_bases_archive_id_id", "archive_id", text("id DESC")),
    )
    archive_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("archives.id", ondelete="RESTRICT"))
    vault_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(VaultRecord.id, ondelete="RESTRICT"), index=True)
    status: Mapped[str] = mapped_column(TEXT, default="taking")
    job_id: Mapped[uuid.UUID | None]
    timeline: Mapped[int | None] = mapped_column(BigInteger)
    first: Mapped[int | None] = mapped_column(BigInteger)
    ends: Mapped[int | None] = mapped_column(BigInteger)
    changes: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[str] = mapped_column(TEXT, default="")
    raw_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    stored_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    new_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    seconds: Mapped[float | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ArchiveLog(Base):
    """Log segments that were stored in the vault together: from position `first` up to `ends`, without a gap.

    `name` is the name of its manifest. All transactions committed before `reaches` lie before `ends`; it is null if
    that time is not known.
    """

    __tablename__ = "archive_logs"
    __table_args__ = (
        CheckConstraint("status IN ('complete', 'deleting')", name="status"),
        Index("ix_archive_logs_archive_id_first", "archive_id", "timeline", "first"),
    )
    name: Mapped[str] = mapped_column(TEXT, primary_key=True)
    archive_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("archives.id", ondelete="RESTRICT"))
    vault_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(VaultRecord.id, ondelete="RESTRICT"), index=True)
    status: Mapped[str] = mapped_column(TEXT, default="complete")
    timeline: Mapped[int] = mapped_column(BigInteger)
    first: Mapped[int] = mapped_column(BigInteger)
    ends: Mapped[int] = mapped_column(BigInteger)
    parts: Mapped[int]
    stored_bytes: Mapped[int] = mapped_column(BigInteger)
    reaches: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ArchivePoint(Base):
    """A named restore point in a log."""

    __tablename__ = "archive_points"
    __table_args__ = (Index("uq_archive_points_archive_id_name", "archive_id", "name", unique=True),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    archive_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("archives.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(TEXT)
    position: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    created_by: Mapped[uuid.UUID | None]


class Recovery(RowOfJob, Base):
    """A recovery of a database to a moment, into the new database `target_id`.

    `request` is what was requested. `result` is set when the recovery is complete.
    """

    __tablename__ = "recoveries"
    __table_args__ = (Index("ix_recoveries_archive_id_id", "archive_id", text("id DESC")),)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    archive_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("archives.id", ondelete="CASCADE"))
    target_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Database.id, ondelete="SET NULL"), index=True)
    target_name: Mapped[str] = mapped_column(TEXT)
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
