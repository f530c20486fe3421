"""The table of migrations."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.databases.models import Database
from headwater.kit.ids import new_id
from headwater.store.base import Base


class Migration(Base):
    """A migration of a database. Its state is in the journal of the database itself; `position` is its order.

    `runs` is false if only the tool that it was imported from can run it.
    """

    __tablename__ = "migrations"
    __table_args__ = (
        UniqueConstraint("database_id", "version"),
        UniqueConstraint("database_id", "place"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    database_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Database.id, ondelete="CASCADE"))
    position: Mapped[int] = mapped_column("place")
    version: Mapped[str] = mapped_column(TEXT)
    name: Mapped[str] = mapped_column(TEXT)
    origin: Mapped[str] = mapped_column(TEXT)
    runs: Mapped[bool]
    up: Mapped[str] = mapped_column(TEXT)
    down: Mapped[str | None] = mapped_column(TEXT)
    checksum: Mapped[str] = mapped_column(TEXT)
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
