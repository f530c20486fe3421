"""All SQL of dashboards and their tiles."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.repository.reaches import within
from headwater.features.accounts.rights import Reach
from headwater.features.dashboards.models import Dashboard, DashboardTile
from headwater.features.query.models import SavedQuery


async def dashboard(db: AsyncSession, dashboard_id: uuid.UUID, *, lock: bool = False) -> Dashboard | None:
    """Return a dashboard; with `lock`, locked until the end of the transaction."""
    query = select(Dashboard).where(Dashboard.id == dashboard_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def of_project(
    db: AsyncSession, project_id: uuid.UUID, reach: Reach, *, before: uuid.UUID | None, limit: int
) -> Sequence[Dashboard]:
    """Return the dashboards of a project within reach, newest first."""
    query = select(Dashboard).where(Dashboard.project_id == project_id, within(reach, project=Dashboard.project_id))
    if before:
        query = query.where(Dashboard.id < before)
    return (await db.execute(query.order_by(Dashboard.id.desc()).limit(limit + 1))).scalars().all()


async def tile_counts(db: AsyncSession, dashboard_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, int]:
    """Return the number of tiles of each of some dashboards."""
    query = (
        select(DashboardTile.dashboard_id, func.count())
        .where(DashboardTile.dashboard_id.in_(dashboard_ids))
        .group_by(DashboardTile.dashboard_id)
    )
    return {row[0]: row[1] for row in await db.execute(query)}


async def tiles(db: AsyncSession, dashboard_id: uuid.UUID) -> Sequence[Row[DashboardTile, SavedQuery]]:
    """Return the tiles of a dashboard in their order, each with its query."""
    query = (
        select(DashboardTile, SavedQuery)
        .join(SavedQuery, SavedQuery.id == DashboardTile.query_id)
        .where(DashboardTile.dashboard_id == dashboard_id)
        .order_by(DashboardTile.position, DashboardTile.id)
    )
    return (await db.execute(query)).all()


async def tile(db: AsyncSession, dashboard_id: uuid.UUID, tile_id: uuid.UUID) -> Row[DashboardTile, SavedQuery] | None:
    """Return a tile of a dashboard with its query."""
    query = (
        select(DashboardTile, SavedQuery)
        .join(SavedQuery, SavedQuery.id == DashboardTile.query_id)
        .where(DashboardTile.id == tile_id, DashboardTile.dashboard_id == dashboard_id)
    )
    return (await db.execute(query)).one_or_none()


async def set_positions(db: AsyncSession, order: Sequence[uuid.UUID]) -> None:
    """Set the positions of tiles to their order in the sequence."""
    for position, tile_id in enumerate(order):
        await db.execute(update(DashboardTile).where(DashboardTile.id == tile_id).values(position=position))


async def touch(db: AsyncSession, changed: Dashboard) -> None:
    """Set the time of the last change of a dashboard to now."""
    changed.updated_at = (await db.execute(select(func.clock_timestamp()))).scalar_one()
