"""The rows of download links. Their tokens are not stored."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.models import ApiKey, Organization, User
from headwater.features.snapshots.models import Snapshot
from headwater.kit.ids import new_id
from headwater.store.base import Base


class SnapshotLink(Base):
    """A download link to a file of a snapshot, valid while it has a row; `request` has its format and tables.

    It ends with the membership of its creator, and with the API key that created it, if one did.
    """

    __tablename__ = "snapshot_links"
    __table_args__ = (Index("ix_snapshot_links_snapshot_id_id", "snapshot_id", text("id DESC")),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"), index=True)
    snapshot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Snapshot.id, ondelete="CASCADE"))
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(ApiKey.id, ondelete="CASCADE"), index=True)
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    uses: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
