"""All SQL of migrations."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.migrations.models import Migration


async def of_database(db: AsyncSession, database_id: uuid.UUID) -> Sequence[Migration]:
    """Return the migrations of a database in their order."""
    query = select(Migration).where(Migration.database_id == database_id).order_by(Migration.position)
    return (await db.execute(query)).scalars().all()


async def by_version(db: AsyncSession, database_id: uuid.UUID, version: str) -> Migration | None:
    """Return a migration by its version."""
    query = select(Migration).where(Migration.database_id == database_id, Migration.version == version)
    return (await db.execute(query)).scalar_one_or_none()


async def last_position(db: AsyncSession, database_id: uuid.UUID) -> int:
    """Return the position of the last migration, 0 if there is none."""
    query = select(func.max(Migration.position)).where(Migration.database_id == database_id)
    return (await db.execute(query)).scalar_one() or 0
