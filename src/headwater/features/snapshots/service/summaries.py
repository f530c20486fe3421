"""Summaries of the complete snapshots of a database, for retention and checks."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.snapshots import schema_proof
from headwater.core.snapshots.schema_proof import SchemaProof
from headwater.features.accounts.rights import Actor
from headwater.features.databases.service import databases
from headwater.features.snapshots import repository
from headwater.features.snapshots.service import snapshots


@dataclass(frozen=True, slots=True)
class SnapshotSummary:
    """A complete snapshot as retention and checks see it.

    `extent` is equal for snapshots of the same requested tables, `sound` is true unless the last verification found
    damage, `used` is true while a restore reads it.
    """

    id: uuid.UUID
    taken_at: datetime
    label: str
    held: bool
    scheduled: bool
    extent: str
    stored_bytes: int
    new_bytes: int
    grew: bool
    verified_at: datetime | None
    sound: bool
    used: bool


async def of_database(db: AsyncSession, actor: Actor, database_id: uuid.UUID) -> Sequence[SnapshotSummary]:
    """Return all complete snapshots of a database, newest first."""
    await databases.find(db, actor, database_id)
    rows = await repository.retention_rows(db, database_id)
    used = await snapshots.being_read(db, [row.id for row in rows])
    return [
        SnapshotSummary(
            row.id,
            row.taken_at or row.created_at,
            row.label,
            row.held,
            bool(row.request.get("scheduled")),
            _extent(row.request.get("tables"), row.request.get("exclude")),
            row.stored_bytes,
            row.new_bytes,
            row.grew,
            row.verified_at,
            row.verification.get("ok", True),
            row.id in used,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class DamageReport:
    """The damaged snapshots of a database: how many, the one whose damage was found last, and when that was."""

    database_id: uuid.UUID
    snapshots: int
    last_id: uuid.UUID
    last_at: datetime


async def damage(db: AsyncSession) -> Sequence[DamageReport]:
    """Return what is known of damage in the snapshots of all databases; for maintenance."""
    by_database: dict[uuid.UUID, list[tuple[uuid.UUID, datetime]]] = {}
    for database_id, snapshot_id, verified_at in await repository.damaged(db):
        by_database.setdefault(database_id, []).append((snapshot_id, verified_at))
    return [DamageReport(database_id, len(rows), *rows[0]) for database_id, rows in by_database.items()]


async def refused_by_drill(db: AsyncSession, snapshot_id: uuid.UUID) -> Sequence[str]:
    """Return sentences about the objects whose definitions the last test restore of a snapshot refused."""
    row = await repository.get(db, snapshot_id)
    return row.drill.get("invalid", []) if row else []


@dataclass(frozen=True, slots=True)
class ProofReport:
    """The proof of the newest snapshot of a database whose schema was proven or refuted."""

    database_id: uuid.UUID
    snapshot_id: uuid.UUID
    proof: SchemaProof


async def proofs(db: AsyncSession) -> Sequence[ProofReport]:
    """Return the newest proofs of all databases; for maintenance."""
    rows = await repository.newest_proofs(db)
    return [
        ProofReport(database_id, snapshot_id, proof)
        for database_id, snapshot_id, row in rows
        if (proof := schema_proof.of_row(row))
    ]


async def failed_before(
    db: AsyncSession, actor: Actor, database_id: uuid.UUID, before: datetime
) -> Sequence[uuid.UUID]:
    """Return the ids of the failed snapshots that a policy requested before a point in time."""
    await databases.find(db, actor, database_id)
    rows = await repository.scheduled_before(db, database_id, before)
    return [view.snapshot.id for view in await snapshots.views_of(db, rows) if view.status == "failed"]


def _extent(tables: Sequence[str] | None, exclude: Sequence[str] | None) -> str:
    """Describe the requested tables; the text does not depend on their order."""
    only = "all" if tables is None else "only " + ", ".join(sorted(tables))
    return only + (" but " + ", ".join(sorted(exclude)) if exclude else "")
