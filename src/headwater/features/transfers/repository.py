"""All SQL of transfers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.transfers.models import Transfer


async def get(db: AsyncSession, transfer_id: uuid.UUID, *, lock: bool = False) -> Transfer | None:
    """Return a transfer; with `lock`, locked until the end of the transaction."""
    query = select(Transfer).where(Transfer.id == transfer_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def page(db: AsyncSession, database_id: uuid.UUID, before: uuid.UUID | None, limit: int) -> Sequence[Transfer]:
    """Return the transfers from or to a database, newest first."""
    query = select(Transfer).where(or_(Transfer.database_id == database_id, Transfer.target_id == database_id))
    if before:
        query = query.where(Transfer.id < before)
    return (await db.execute(query.order_by(Transfer.id.desc()).limit(limit + 1))).scalars().all()


async def names(db: AsyncSession) -> set[uuid.UUID]:
    """Return the ids of all transfers."""
    return set((await db.execute(select(Transfer.id))).scalars())
