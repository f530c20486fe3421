"""The tables of dashboards and their tiles."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.models import Organization, Project
from headwater.features.query.models import SavedQuery
from headwater.kit.ids import new_id
from headwater.store.base import Base

NOW = func.now()


class Dashboard(Base):
    """A page of tiles; an open page refreshes every `refresh_seconds` (0: not automatically)."""

    __tablename__ = "dashboards"
    __table_args__ = (Index("ix_dashboards_project_id_id", "project_id", text("id DESC")),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Project.id, ondelete="CASCADE"))
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(TEXT)
    refresh_seconds: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)


class DashboardTile(Base):
    """A saved query on a dashboard; an empty title means the query's name, no chart means the query's chart."""

    __tablename__ = "dashboard_tiles"
    __table_args__ = (
        CheckConstraint("width BETWEEN 1 AND 4", name="width"),
        Index("ix_dashboard_tiles_dashboard_id_position", "dashboard_id", "position"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    dashboard_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Dashboard.id, ondelete="CASCADE"))
    query_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(SavedQuery.id, ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(TEXT, default="")
    width: Mapped[int] = mapped_column(default=2)
    position: Mapped[int] = mapped_column(default=0)
    chart: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
