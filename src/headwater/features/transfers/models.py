"""The table of transfers: request, preview, created objects and result."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.models import Organization
from headwater.features.databases.models import Database
from headwater.features.jobs.models import RowOfJob
from headwater.store.base import Base


class Transfer(RowOfJob, Base):
    """A copy of `database_id` to `target_id`, an import into `database_id`, or an export of it.

    `created` lists (kind, quoted name) of the objects that a copy or import has created and therefore may drop again;
    only the attempt that is named in `attempt` may change it. An import has no job until it is started.
    """

    __tablename__ = "transfers"
    __table_args__ = (
        CheckConstraint("kind IN ('copy', 'import', 'export')", name="kind"),
        Index("ix_transfers_database_id_id", "database_id", text("id DESC")),
    )
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(TEXT)
    database_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Database.id, ondelete="CASCADE"))
    target_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Database.id, ondelete="CASCADE"), index=True)
    filename: Mapped[str | None] = mapped_column(TEXT)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    preview: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created: Mapped[dict[str, Any]] = mapped_column("made", default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
