"""The rows of vaults, snapshots and restores. The vault itself is the source of truth."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.models import Organization, Project
from headwater.features.databases.models import Database
from headwater.features.jobs.models import ClaimableRow, RowOfJob
from headwater.kit.ids import new_id
from headwater.store.base import Base
from headwater.vault.codecs import DEFAULT


class VaultRecord(Base):
    """A vault of an organization; new snapshots are stored in the `current` one.

    `settings` has what users may see (folder, bucket, prefix, endpoint, region), `sealed` the encrypted keys of the
    storage; `codec` and `level` say how new pages are compressed. `opened` is the vault's own id, known once it was
    created; `collected_at` is the time of the last garbage collection. Headwater writes nothing into a `read_only`
    vault, so it has no key slot there: `sealed_key` is the encrypted key of the vault.
    """

    __tablename__ = "vaults"
    __table_args__ = (
        CheckConstraint("kind IN ('local', 's3')", name="kind"),
        Index("uq_vaults_organization_id", "organization_id", unique=True, postgresql_where=text("current")),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(TEXT)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    codec: Mapped[str] = mapped_column(TEXT, default=DEFAULT.name)
    level: Mapped[int] = mapped_column(default=DEFAULT.level)
    current: Mapped[bool] = mapped_column(default=True)
    read_only: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    opened: Mapped[str | None] = mapped_column(TEXT)
    collected_at: Mapped[datetime | None]
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Snapshot(ClaimableRow, Base):
    """A snapshot, whose `id` is also its name in the vault; it is complete only after its manifest was written.

    It outlives its database, whose name it records. `request` is what was requested, `contents` lists its tables
    and losses, `attempt` names the attempt that may write to the row. `verification` and `drill` are the results of the
    last ones, `proof` says whether its schema was restored into a scratch database.
    """

    __tablename__ = "snapshots"
    __table_args__ = (
        CheckConstraint("status IN ('taking', 'complete', 'deleting')", name="status"),
        Index("ix_snapshots_database_id_id", "database_id", text("id DESC")),
        Index("ix_snapshots_organization_id_id", "organization_id", text("id DESC")),
    )
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="RESTRICT"))
    project_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Project.id, ondelete="SET NULL"), index=True)
    database_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Database.id, ondelete="SET NULL"))
    database_name: Mapped[str] = mapped_column(TEXT)
    vault_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(VaultRecord.id, ondelete="RESTRICT"), index=True)
    job_id: Mapped[uuid.UUID | None]
    label: Mapped[str] = mapped_column(TEXT, default="")
    status: Mapped[str] = mapped_column(TEXT, default="taking")
    engine: Mapped[str] = mapped_column(TEXT)
    product: Mapped[str] = mapped_column(TEXT, default="")
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    contents: Mapped[dict[str, Any]] = mapped_column(default=dict)
    moment: Mapped[dict[str, Any]] = mapped_column(default=dict)
    parent_id: Mapped[uuid.UUID | None]
    tables: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    raw_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    stored_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    new_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    seconds: Mapped[float | None]
    grew: Mapped[bool] = mapped_column(default=False)
    held: Mapped[bool] = mapped_column(default=False)
    taken_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    verification: Mapped[dict[str, Any]] = mapped_column(default=dict)
    drilled_at: Mapped[datetime | None]
    drill: Mapped[dict[str, Any]] = mapped_column(default=dict)
    proof: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Restore(RowOfJob, Base):
    """A restore of a snapshot into `target_id`.

    `fresh` means that the target was created for it, and is deleted if it fails. `created` lists the objects created
    in the target so far; `undo_id` is the snapshot of the target that was taken before anything changed. A test
    restore (`drill` of `request`) and a proof of the schema alone (`proof`) delete the target at their end.
    """

    __tablename__ = "restores"
    __table_args__ = (
        CheckConstraint("mode IN ('empty', 'overwrite', 'append', 'append_missing')", name="mode"),
        Index("ix_restores_snapshot_id_id", "snapshot_id", text("id DESC")),
    )
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    snapshot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("snapshots.id", ondelete="CASCADE"))
    target_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Database.id, ondelete="SET NULL"), index=True)
    target_name: Mapped[str] = mapped_column(TEXT)
    fresh: Mapped[bool] = mapped_column(default=False)
    mode: Mapped[str] = mapped_column(TEXT)
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created: Mapped[dict[str, Any]] = mapped_column("made", default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    undo_id: Mapped[uuid.UUID | None]
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
