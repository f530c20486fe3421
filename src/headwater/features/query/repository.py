"""All SQL of the history and of saved queries."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.repository.reaches import within
from headwater.features.accounts.rights import Actor, reach
from headwater.features.query.models import QueryRun, SavedQuery

# Runs that maintenance leaves in the history of one user on one database.
KEPT_RUNS = 2000


async def runs(
    db: AsyncSession, database_id: uuid.UUID, user_id: uuid.UUID, *, search: str, before: uuid.UUID | None, limit: int
) -> Sequence[QueryRun]:
    """Return the runs of a user on a database, newest first."""
    query = select(QueryRun).where(QueryRun.database_id == database_id, QueryRun.user_id == user_id)
    if search:
        query = query.where(QueryRun.text.icontains(search, autoescape=True))
    if before:
        query = query.where(QueryRun.id < before)
    return (await db.execute(query.order_by(QueryRun.id.desc()).limit(limit + 1))).scalars().all()


async def add_run(db: AsyncSession, run: Mapping[str, Any]) -> None:
    """Add a run to the history of its user."""
    # Into the table, not the class: each run passes here, and the ORM would prepare objects.
    await db.execute(insert(cast(Table, QueryRun.__table__)), run)


async def forget_old_runs(db: AsyncSession) -> None:
    """Delete all but the newest runs of each user on each database."""
    number = func.row_number().over(partition_by=(QueryRun.database_id, QueryRun.user_id), order_by=QueryRun.id.desc())
    numbered = select(QueryRun.id, number.label("number")).subquery()
    old = select(numbered.c.id).where(numbered.c.number > KEPT_RUNS)
    await db.execute(delete(QueryRun).where(QueryRun.id.in_(old)))


async def saved(db: AsyncSession, query_id: uuid.UUID, *, lock: bool = False) -> SavedQuery | None:
    """Return a saved query; with `lock`, locked until the end of the transaction."""
    query = select(SavedQuery).where(SavedQuery.id == query_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def saved_of_project(
    db: AsyncSession, project_id: uuid.UUID, actor: Actor, *, before: uuid.UUID | None, limit: int
) -> Sequence[SavedQuery]:
    """Return the saved queries of a project that are the actor's own or shared, newest first."""
    reached = reach(actor, "database:read")
    query = select(SavedQuery).where(
        within(reached, project=SavedQuery.project_id, database=SavedQuery.database_id),
        SavedQuery.project_id == project_id,
        or_(SavedQuery.owner_id == actor.user_id, SavedQuery.shared),
    )
    if before:
        query = query.where(SavedQuery.id < before)
    return (await db.execute(query.order_by(SavedQuery.id.desc()).limit(limit + 1))).scalars().all()


async def touch(db: AsyncSession, saved_query: SavedQuery) -> None:
    """Set the time of the last change of a saved query to now."""
    saved_query.updated_at = (await db.execute(select(func.clock_timestamp()))).scalar_one()
