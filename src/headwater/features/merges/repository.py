"""All SQL on the rows of merges."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.merges.models import Merge, MergeConflict


async def get(db: AsyncSession, merge_id: uuid.UUID, *, lock: bool = False) -> Merge | None:
    """Return a merge; with `lock`, its row is locked until the end of the transaction."""
    query = select(Merge).where(Merge.id == merge_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def of_target(db: AsyncSession, target_id: uuid.UUID, before: uuid.UUID | None, limit: int) -> Sequence[Merge]:
    """Return the merges into a database, newest first."""
    query = select(Merge).where(Merge.target_id == target_id)
    if before:
        query = query.where(Merge.id < before)
    return (await db.execute(query.order_by(Merge.id.desc()).limit(limit + 1))).scalars().all()


async def conflicts(
    db: AsyncSession, merge_id: uuid.UUID, after: int, limit: int, *, unresolved: bool
) -> Sequence[MergeConflict]:
    """Return conflicts in their order, from one ordinal on; all or only those without a choice."""
    query = select(MergeConflict).where(MergeConflict.merge_id == merge_id, MergeConflict.ordinal > after)
    if unresolved:
        query = query.where(MergeConflict.choice.is_(None))
    return (await db.execute(query.order_by(MergeConflict.ordinal).limit(limit + 1))).scalars().all()


async def choices(db: AsyncSession, merge_id: uuid.UUID) -> dict[bytes, str]:
    """Return the choices of a merge by the fingerprints of the conflicts."""
    query = select(MergeConflict.fingerprint, MergeConflict.choice)
    rows = await db.execute(query.where(MergeConflict.merge_id == merge_id, MergeConflict.choice.is_not(None)))
    return {row.fingerprint: row.choice for row in rows}


async def count_unresolved(db: AsyncSession, merge_id: uuid.UUID) -> int:
    """Return how many conflicts have no choice."""
    query = select(func.count()).where(MergeConflict.merge_id == merge_id, MergeConflict.choice.is_(None))
    return (await db.execute(query)).scalar_one()


async def replace_conflicts(db: AsyncSession, merge_id: uuid.UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Store the conflicts of a merge instead of those before."""
    await db.execute(delete(MergeConflict).where(MergeConflict.merge_id == merge_id))
    if rows:
        await db.execute(insert(MergeConflict), [{"merge_id": merge_id, **row} for row in rows])


async def choose(
    db: AsyncSession, merge_id: uuid.UUID, choice: str | None, ordinals: Sequence[int] | None, table: str | None
) -> int:
    """Set the choice of some conflicts, of those of a table, or of all; return how many."""
    query = update(MergeConflict).where(MergeConflict.merge_id == merge_id).values(choice=choice)
    if ordinals is not None:
        query = query.where(MergeConflict.ordinal.in_(ordinals))
    if table is not None:
        query = query.where(MergeConflict.table_name == table)
    result: Any = await db.execute(query)
    return int(result.rowcount)
