"""The tables of queries: the history of each user, and saved queries with their charts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.models import Organization, Project, User
from headwater.features.databases.models import Database
from headwater.kit.ids import new_id
from headwater.store.base import Base

NOW = func.now()


class QueryRun(Base):
    """A run in the history of a user."""

    __tablename__ = "query_runs"
    __table_args__ = (
        CheckConstraint("state IN ('ok', 'failed', 'cancelled')", name="state"),
        Index("ix_query_runs_database_id_user_id_id", "database_id", "user_id", text("id DESC")),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    database_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Database.id, ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(TEXT)
    state: Mapped[str] = mapped_column(TEXT)
    error: Mapped[str | None] = mapped_column(TEXT)
    rows: Mapped[int | None] = mapped_column(BigInteger)
    milliseconds: Mapped[float]
    started_at: Mapped[datetime] = mapped_column(server_default=NOW)


class SavedQuery(Base):
    """A query saved under a name; all members of the project can see `shared` ones."""

    __tablename__ = "saved_queries"
    __table_args__ = (Index("ix_saved_queries_project_id_id", "project_id", text("id DESC")),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Project.id, ondelete="CASCADE"))
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    database_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Database.id, ondelete="SET NULL"))
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(TEXT)
    folder: Mapped[str] = mapped_column(TEXT, default="")
    text: Mapped[str] = mapped_column(TEXT)
    shared: Mapped[bool] = mapped_column(default=False)
    # The chart of its result: {"kind", "x", "y", …}; empty: chosen by the columns.
    chart: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
