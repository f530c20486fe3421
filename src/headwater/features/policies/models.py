"""The rows of policies (one per database), their runs, and alerts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.models import Organization
from headwater.features.databases.models import Database
from headwater.kit.ids import new_id
from headwater.store.base import Base

KINDS = "kind IN ('snapshot', 'verify', 'drill')"
OUTCOMES = "outcome IN ('running', 'complete', 'failed', 'cancelled', 'skipped', 'missed', 'damaged')"
ALERTS = (
    "kind IN ('failed', 'missed', 'grew', 'damaged', 'verify_failed', 'drill_failed', 'not_restorable', 'not_running')"
)


class SnapshotPolicy(Base):
    """The snapshot policy of a database.

    `next_at` is the next time of the schedule, `due_at` the same plus a random delay, at which the run starts.
    `request` says which tables to capture, `retention` how many snapshots to keep, `checks` how to verify and test
    them; each is empty if not set. `verify_part` counts the verified shares, `retained_at` is when the retention was
    last applied or changed.
    """

    __tablename__ = "snapshot_policies"
    __table_args__ = (CheckConstraint("misfire IN ('run_once', 'skip')", name="misfire"),)
    database_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Database.id, ondelete="CASCADE"), primary_key=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"), index=True)
    cron: Mapped[str | None] = mapped_column(TEXT)
    timezone: Mapped[str] = mapped_column(TEXT, default="UTC")
    misfire: Mapped[str] = mapped_column(TEXT, default="run_once")
    grace_seconds: Mapped[int] = mapped_column(default=3600)
    jitter_seconds: Mapped[int] = mapped_column(default=0)
    paused: Mapped[bool] = mapped_column(default=False)
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    retention: Mapped[dict[str, Any]] = mapped_column(default=dict)
    checks: Mapped[dict[str, Any]] = mapped_column(default=dict)
    growth: Mapped[float | None]
    next_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    verify_at: Mapped[datetime | None]
    verify_part: Mapped[int] = mapped_column(default=0)
    drill_at: Mapped[datetime | None]
    retained_at: Mapped[datetime | None]
    updated_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PolicyRun(Base):
    """A run of a policy and its outcome; `scheduled_for` is null if a user started it.

    It outlives its policy and its snapshot. Each time of a schedule has at most one run.
    """

    __tablename__ = "policy_runs"
    __table_args__ = (
        CheckConstraint(KINDS, name="kind"),
        CheckConstraint(OUTCOMES, name="outcome"),
        UniqueConstraint("database_id", "kind", "scheduled_for"),
        Index("ix_policy_runs_database_id_id", "database_id", text("id DESC")),
        Index("ix_policy_runs_running", "id", postgresql_where=text("outcome = 'running'")),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    database_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Database.id, ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(TEXT)
    scheduled_for: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(TEXT, default="running")
    detail: Mapped[str] = mapped_column(TEXT, default="")
    snapshot_id: Mapped[uuid.UUID | None]
    job_id: Mapped[uuid.UUID | None]
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]


class Alert(Base):
    """A problem that needs attention; `times` is how often it has occurred since the alert was opened.

    An alert is `resolved` automatically when a later run succeeds.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint(ALERTS, name="kind"),
        CheckConstraint("status IN ('open', 'acknowledged', 'resolved')", name="status"),
        Index("uq_alerts_open", "database_id", "kind", unique=True, postgresql_where=text("status = 'open'")),
        Index("ix_alerts_organization_id_id", "organization_id", text("id DESC")),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    database_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Database.id, ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(TEXT)
    status: Mapped[str] = mapped_column(TEXT, default="open")
    message: Mapped[str] = mapped_column(TEXT)
    times: Mapped[int] = mapped_column(default=1)
    snapshot_id: Mapped[uuid.UUID | None]
    job_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_at: Mapped[datetime] = mapped_column(server_default=func.now())
    acknowledged_by: Mapped[uuid.UUID | None]
    acknowledged_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
