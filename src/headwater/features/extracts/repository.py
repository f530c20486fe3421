"""All SQL on the rows of links."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import User
from headwater.features.extracts.models import SnapshotLink


async def of_snapshot(
    db: AsyncSession, snapshot_id: uuid.UUID, at: datetime, before: uuid.UUID | None, limit: int
) -> Sequence[tuple[SnapshotLink, str]]:
    """Return the unexpired links of a snapshot with the names of their creators, newest first."""
    query = select(SnapshotLink, User.name).join(User, User.id == SnapshotLink.created_by)
    query = query.where(SnapshotLink.snapshot_id == snapshot_id, SnapshotLink.expires_at > at)
    if before:
        query = query.where(SnapshotLink.id < before)
    rows = await db.execute(query.order_by(SnapshotLink.id.desc()).limit(limit + 1))
    return [(link, name) for link, name in rows]


async def find(db: AsyncSession, link_id: uuid.UUID) -> SnapshotLink | None:
    """Return a link."""
    return await db.get(SnapshotLink, link_id)


async def used(db: AsyncSession, link_id: uuid.UUID, at: datetime) -> None:
    """Count a use of a link."""
    counted = {"uses": SnapshotLink.uses + 1, "used_at": at}
    await db.execute(update(SnapshotLink).where(SnapshotLink.id == link_id).values(counted))


async def forget_expired(db: AsyncSession, at: datetime) -> None:
    """Delete expired links."""
    await db.execute(delete(SnapshotLink).where(SnapshotLink.expires_at <= at))
