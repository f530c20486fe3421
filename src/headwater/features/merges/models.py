"""The rows of merges and of their conflicts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.models import Organization
from headwater.features.databases.models import Database
from headwater.features.jobs.models import RowOfJob
from headwater.features.snapshots.models import Snapshot
from headwater.store.base import Base


class Merge(RowOfJob, Base):
    """A merge of the changes of `source_id` since the snapshot `base_id` into `target_id`.

    `theirs_id` is the snapshot of the source that is merged, `ours_id` the last snapshot of the target, which undoes
    the merge. `prefer` is the side that wins all conflicts, if one was chosen. `result` has the numbers of each table,
    the tables that were left out, and the number of conflicts.
    """

    __tablename__ = "merges"
    __table_args__ = (
        CheckConstraint("status IN ('preparing', 'prepared', 'applying', 'applied')", name="status"),
        CheckConstraint("prefer IN ('ours', 'theirs')", name="prefer"),
        Index("ix_merges_target_id_id", "target_id", text("id DESC")),
    )
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    target_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Database.id, ondelete="CASCADE"))
    target_name: Mapped[str] = mapped_column(TEXT)
    source_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Database.id, ondelete="SET NULL"), index=True)
    source_name: Mapped[str] = mapped_column(TEXT)
    base_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Snapshot.id, ondelete="CASCADE"), index=True)
    theirs_id: Mapped[uuid.UUID | None]
    ours_id: Mapped[uuid.UUID | None]
    status: Mapped[str] = mapped_column(TEXT, default="preparing")
    prefer: Mapped[str | None] = mapped_column(TEXT)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    applied_at: Mapped[datetime | None]


class MergeConflict(Base):
    """A row that both sides have changed differently; `fingerprint` identifies what a person decided about.

    `cells` has the names of the columns, those in conflict, and the readable values of all three sides.
    """

    __tablename__ = "merge_conflicts"
    __table_args__ = (CheckConstraint("choice IN ('ours', 'theirs')", name="choice"),)
    merge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Merge.id, ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    table_name: Mapped[str] = mapped_column(TEXT)
    kind: Mapped[str] = mapped_column(TEXT)
    cells: Mapped[dict[str, Any]] = mapped_column(default=dict)
    choice: Mapped[str | None] = mapped_column(TEXT)
