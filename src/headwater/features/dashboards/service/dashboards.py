"""Creates, lists, changes, reorders and deletes dashboards and tiles."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Action, Actor, authorize, missing, reach
from headwater.features.accounts.service import audit, projects
from headwater.features.dashboards import repository
from headwater.features.dashboards.models import Dashboard, DashboardTile
from headwater.features.query.models import SavedQuery
from headwater.features.query.service import saved
from headwater.kit.errors import Conflict, Invalid, NotFound
from headwater.kit.paging import Page, cut

MOST_TILES = 60


@dataclass(frozen=True, slots=True)
class TileView:
    """A tile and its query; `hidden` if the query is private to another user."""

    tile: DashboardTile
    query: SavedQuery
    hidden: bool


@dataclass(frozen=True, slots=True)
class DashboardView:
    """A dashboard with its tiles in order."""

    dashboard: Dashboard
    tiles: tuple[TileView, ...]


async def list_of_project(
    db: AsyncSession, actor: Actor, project_id: uuid.UUID, *, cursor: str | None, limit: int
) -> tuple[Page[Dashboard], Mapping[uuid.UUID, int]]:
    """Return the dashboards of a project, newest first, and how many tiles each has."""
    project = await projects.get(db, actor, project_id)
    rows = await repository.of_project(
        db, project.id, reach(actor, "project:read"), before=audit.before_id(cursor), limit=limit
    )
    page = cut(rows, limit, lambda row: (str(row.id),))
    return page, await repository.tile_counts(db, [row.id for row in page.items])


async def find(
    db: AsyncSession, actor: Actor, dashboard_id: uuid.UUID, action: Action = "project:read", *, lock: bool = False
) -> Dashboard:
    """Return a dashboard to which the actor may do the action."""
    dashboard = await repository.dashboard(db, dashboard_id, lock=lock)
    if dashboard is None or (dashboard.organization_id not in actor.roles and actor.kind != "system"):
        raise missing(dashboard, "There is no such dashboard.")
    authorize(actor, action, dashboard)
    return dashboard


async def view(db: AsyncSession, actor: Actor, dashboard_id: uuid.UUID) -> DashboardView:
    """Return a dashboard with its tiles."""
    dashboard = await find(db, actor, dashboard_id)
    rows = await repository.tiles(db, dashboard.id)
    return DashboardView(dashboard, tuple(_tile_view(actor, tile, query) for tile, query in rows))


def _tile_view(actor: Actor, tile: DashboardTile, query: SavedQuery) -> TileView:
    return TileView(tile, query, hidden=not query.shared and query.owner_id != actor.user_id)


async def create(
    db: AsyncSession, actor: Actor, project_id: uuid.UUID, *, name: str, refresh_seconds: int
) -> Dashboard:
    """Create an empty dashboard."""
    project = await projects.get(db, actor, project_id, "project:write")
    dashboard = Dashboard(
        project_id=project.id, organization_id=project.organization_id, name=name, refresh_seconds=refresh_seconds
    )
    db.add(dashboard)
    await db.flush()
    await db.refresh(dashboard)
    _note(db, actor, "dashboard.create", dashboard)
    return dashboard


async def change(db: AsyncSession, actor: Actor, dashboard_id: uuid.UUID, given: Mapping[str, Any]) -> DashboardView:
    """Change the name or the refresh interval of a dashboard."""
    dashboard = await _changed(db, actor, dashboard_id, "dashboard.update")
    for name, value in given.items():
        setattr(dashboard, name, value)
    await db.flush()
    return await view(db, actor, dashboard.id)


async def remove(db: AsyncSession, actor: Actor, dashboard_id: uuid.UUID) -> None:
    """Delete a dashboard; its saved queries are kept."""
    dashboard = await find(db, actor, dashboard_id, "project:write", lock=True)
    _note(db, actor, "dashboard.delete", dashboard)
    await db.delete(dashboard)


async def add_tile(
    db: AsyncSession, actor: Actor, dashboard_id: uuid.UUID, query_id: uuid.UUID, given: Mapping[str, Any]
) -> DashboardView:
    """Add a saved query at the end of a dashboard.

    Raises:
        Conflict: the query is not shared, but all members of the project can see a dashboard.
        Invalid: the query belongs to another project, has no database, or the dashboard is full.
    """
    dashboard = await _changed(db, actor, dashboard_id, "dashboard.update")
    query = await saved.find(db, actor, query_id)
    if query.project_id != dashboard.project_id:
        raise Invalid({"query_id": "The query belongs to another project."})
    if query.database_id is None:
        raise Invalid(
            {"query_id": f"{query.name} belongs to no database."}, hint="Save it from the SQL page of a database."
        )
    if not query.shared:
        raise Conflict(
            f"{query.name} is not shared with the project.", hint="Share it first: all members can see a tile."
        )
    tiles = await repository.tiles(db, dashboard.id)
    if len(tiles) >= MOST_TILES:
        raise Invalid({"query_id": f"A dashboard has at most {MOST_TILES} tiles."}, hint="Create another dashboard.")
    db.add(DashboardTile(dashboard_id=dashboard.id, query_id=query.id, position=len(tiles), **given))
    await db.flush()
    return await view(db, actor, dashboard.id)


async def change_tile(
    db: AsyncSession, actor: Actor, dashboard_id: uuid.UUID, tile_id: uuid.UUID, given: Mapping[str, Any]
) -> DashboardView:
    """Change the title, width or chart of a tile."""
    dashboard = await _changed(db, actor, dashboard_id, "dashboard.update")
    tile, _ = await _tile(db, dashboard, tile_id)
    for name, value in given.items():
        setattr(tile, name, value)
    await db.flush()
    return await view(db, actor, dashboard.id)


async def remove_tile(db: AsyncSession, actor: Actor, dashboard_id: uuid.UUID, tile_id: uuid.UUID) -> None:
    """Remove a tile from a dashboard."""
    dashboard = await _changed(db, actor, dashboard_id, "dashboard.update")
    tile, _ = await _tile(db, dashboard, tile_id)
    await db.delete(tile)


async def order(db: AsyncSession, actor: Actor, dashboard_id: uuid.UUID, wanted: Sequence[uuid.UUID]) -> DashboardView:
    """Reorder the tiles; `wanted` contains each of them once.

    Raises:
        Conflict: `wanted` has other tiles than the dashboard, because somebody else has just changed it.
    """
    dashboard = await _changed(db, actor, dashboard_id, "dashboard.update")
    ids = [tile.id for tile, _ in await repository.tiles(db, dashboard.id)]
    if sorted(ids) != sorted(wanted):
        raise Conflict("The tiles have changed in the meantime.", hint="Load the dashboard again.")
    await repository.set_positions(db, wanted)
    return await view(db, actor, dashboard.id)


async def tile_of(db: AsyncSession, actor: Actor, dashboard_id: uuid.UUID, tile_id: uuid.UUID) -> SavedQuery:
    """Return the query of a tile, or raise NotFound if the actor may not see it."""
    dashboard = await find(db, actor, dashboard_id)
    _, query = await _tile(db, dashboard, tile_id)
    return await saved.find(db, actor, query.id)


async def _tile(db: AsyncSession, dashboard: Dashboard, tile_id: uuid.UUID) -> Row[DashboardTile, SavedQuery]:
    tile = await repository.tile(db, dashboard.id, tile_id)
    if tile is None:
        raise NotFound("There is no such tile.")
    return tile


async def _changed(db: AsyncSession, actor: Actor, dashboard_id: uuid.UUID, action: str) -> Dashboard:
    dashboard = await find(db, actor, dashboard_id, "project:write", lock=True)
    await repository.touch(db, dashboard)
    _note(db, actor, action, dashboard)
    return dashboard


def _note(db: AsyncSession, actor: Actor, action: str, dashboard: Dashboard) -> None:
    audit.record(
        db, actor, action, "dashboard", dashboard.id, dashboard.name, organization_id=dashboard.organization_id
    )
