"""The rows of branches."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.models import Organization
from headwater.features.databases.models import Database
from headwater.features.jobs.models import RowOfJob
from headwater.features.snapshots.models import Restore, Snapshot
from headwater.store.base import Base


class DatabaseBranch(RowOfJob, Base):
    """A database that was created from the snapshot `base_id` of the database `parent_id`.

    `restore_id` is the restore that fills it. An attempt that was interrupted deletes the database and creates another
    one: the target of the restore is the database of the branch, and `database_id` is the first or the final one.
    The row outlives its database until maintenance has ended the hold on the base, if `holds_base` says that Headwater
    holds it for a branch.
    """

    __tablename__ = "branches"
    __table_args__ = (Index("ix_branches_parent_id_id", "parent_id", text("id DESC")),)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    database_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Database.id, ondelete="SET NULL"), unique=True)
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Database.id, ondelete="SET NULL"))
    parent_name: Mapped[str] = mapped_column(TEXT)
    name: Mapped[str] = mapped_column(TEXT)
    base_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Snapshot.id, ondelete="SET NULL"), index=True)
    restore_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Restore.id, ondelete="SET NULL"), index=True)
    holds_base: Mapped[bool]
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
