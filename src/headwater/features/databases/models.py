"""The tables of databases: desired and actual state, connection, secrets, Schema and metrics."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.models import Organization, Project
from headwater.kit.ids import new_id
from headwater.store.base import Base

NOW = func.now()
ORIGIN_CHECK = "origin IN ('managed', 'connected')"
DESIRED_CHECK = "desired IN ('running', 'asleep', 'stopped', 'deleted')"
STATE_CHECK = "state IN ('creating', 'starting', 'running', 'asleep', 'stopped', 'failed', 'deleting', 'connected')"


class Database(Base):
    """A database that Headwater runs (`managed`) or only connects to (`connected`).

    `route` is the name of a managed database at the proxy, unique on this instance. `desired` is the state that users
    want; the supervisor writes `state` and `state_reason`. A soft-deleted row has `deleted_at`, and is destroyed after
    `purge_at`; if its project was deleted (`project_id` is NULL), the supervisor soft-deletes it. `connection` holds
    the address, TLS and tunnel of a connected database without secrets, which are encrypted in `database_secrets`.
    `quotas` and `options` are plain values by name. Clients of a managed database must use TLS if it is `tls_required`.
    With `archives`, its server archives the log of its changes for point-in-time recovery. While it is `building`, a
    job creates its files, and the supervisor leaves it alone. A `scratch` database is created and deleted by a job of
    Headwater, and belongs to no list of a project.
    """

    __tablename__ = "databases"
    __table_args__ = (
        CheckConstraint(ORIGIN_CHECK, name="origin"),
        CheckConstraint(DESIRED_CHECK, name="desired"),
        CheckConstraint(STATE_CHECK, name="state"),
        Index("ix_databases_project_id_id", "project_id", text("id DESC")),
        Index(
            "uq_databases_project_id_name",
            "project_id",
            "name",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Project.id, ondelete="SET NULL"))
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organization.id, ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(TEXT)
    route: Mapped[str | None] = mapped_column(TEXT, unique=True)
    engine: Mapped[str] = mapped_column(TEXT)
    origin: Mapped[str] = mapped_column(TEXT)
    driver: Mapped[str | None] = mapped_column(TEXT)
    desired: Mapped[str] = mapped_column(TEXT, default="running")
    state: Mapped[str] = mapped_column(TEXT)
    state_reason: Mapped[str] = mapped_column(TEXT, default="")
    state_at: Mapped[datetime] = mapped_column(server_default=NOW)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    quotas: Mapped[dict[str, Any]] = mapped_column(default=dict)
    connection: Mapped[dict[str, Any]] = mapped_column(default=dict)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    archives: Mapped[bool] = mapped_column(default=False)
    building: Mapped[bool] = mapped_column(default=False)
    scratch: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    protected: Mapped[bool] = mapped_column(default=False)
    read_only: Mapped[bool] = mapped_column(default=False)
    sleep_after_seconds: Mapped[int] = mapped_column(default=300)
    tls_required: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    used_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    purge_at: Mapped[datetime | None] = mapped_column(index=True)

    @property
    def database_id(self) -> uuid.UUID:
        """The database, as a resource whose rights are checked."""
        return self.id


class DatabaseSecret(Base):
    """An encrypted secret of a database, by name; `password` is that of a managed database's owner role."""

    __tablename__ = "database_secrets"
    database_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("databases.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(TEXT, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class DatabaseSchema(Base):
    """The Schema of a database as it was last read, in the catalog's stable JSON."""

    __tablename__ = "database_schemas"
    database_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("databases.id", ondelete="CASCADE"), primary_key=True)
    schema_json: Mapped[bytes] = mapped_column(LargeBinary)
    fingerprint: Mapped[str] = mapped_column(TEXT)
    tables: Mapped[int]
    columns: Mapped[int]
    read_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class DatabaseMetric(Base):
    """The metrics of a running database at one moment; `values` are numbers by name."""

    __tablename__ = "database_metrics"
    database_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("databases.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.clock_timestamp())
    values: Mapped[dict[str, Any]]
