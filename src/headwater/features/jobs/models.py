"""The tables of jobs. They hold the state of all jobs; Procrastinate's tables only carry messages to wake workers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, func, text
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.models import Organization, Project
from headwater.kit.ids import new_id
from headwater.store.base import Base

NOW = func.now()
STATES = "state IN ('pending', 'running', 'completed', 'failed', 'cancelled')"


class Job(Base):
    """A job.

    `attempt_token` names the attempt that may write to the row; an attempt that was replaced finds another token.
    `version` grows with every change that a user can see. `losses` counts the attempts that ended
    for a reason outside the job, which are not counted against `max_attempts`. `origin` says by whom, from where and
    in which request the job was started, for the log and the audit log.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(STATES, name="state"),
        Index("ix_jobs_organization_id_id", "organization_id", text("id DESC")),
        Index("ix_jobs_unfinished", "state", postgresql_where=text("state IN ('pending', 'running')")),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    project_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Project.id, ondelete="CASCADE"), index=True)
    codebase_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    database_id: Mapped[uuid.UUID | None]
    created_by: Mapped[uuid.UUID | None]
    kind: Mapped[str] = mapped_column(TEXT)
    title: Mapped[str] = mapped_column(TEXT)
    args: Mapped[dict[str, Any]]
    origin: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'::jsonb"))
    state: Mapped[str] = mapped_column(TEXT, default="pending")
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=3)
    losses: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(TEXT)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    attempt_token: Mapped[uuid.UUID | None]
    worker_id: Mapped[uuid.UUID | None]
    heartbeat_at: Mapped[datetime | None]
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    queued_at: Mapped[datetime] = mapped_column(server_default=NOW)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ClaimableRow:
    """Columns of a row that attempts of a job write to; `attempt` is the token of the one that may."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    attempt: Mapped[uuid.UUID | None]


class RowOfJob(ClaimableRow):
    """Columns of a row with the result of a job."""

    job_id: Mapped[uuid.UUID | None]


class JobLog(Base):
    """One line of the log of a job."""

    __tablename__ = "job_logs"
    __table_args__ = (Index("ix_job_logs_job_id_id", "job_id", "id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    level: Mapped[str] = mapped_column(TEXT)
    message: Mapped[str] = mapped_column(TEXT)


class Worker(Base):
    """A worker process; it is alive while its heartbeat is recent, which says what it uses."""

    __tablename__ = "workers"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(TEXT)
    pid: Mapped[int]
    resident_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    cpu_seconds: Mapped[float] = mapped_column(default=0.0, server_default="0")
    started_at: Mapped[datetime] = mapped_column(server_default=NOW)
    heartbeat_at: Mapped[datetime] = mapped_column(server_default=NOW, index=True)
