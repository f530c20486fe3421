"""HTTP endpoints of dashboards."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from headwater.features.accounts import relay
from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.dashboards import api_models, serializers
from headwater.features.dashboards.service import dashboards, data

router = APIRouter(tags=["dashboards"])
Reader = Annotated[Actor, Depends(allow("project:read"))]
Writer = Annotated[Actor, Depends(allow("project:write"))]


@router.get("/projects/{project_id}/dashboards")
async def list_dashboards(
    project_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[api_models.DashboardSummary]:
    """List the dashboards of a project, newest first."""
    page, tiles = await dashboards.list_of_project(db, actor, project_id, cursor=cursor, limit=limit)
    return ListOf(items=[serializers.summary(row, tiles.get(row.id, 0)) for row in page.items], next=page.next)


@router.post("/projects/{project_id}/dashboards", status_code=201)
async def create_dashboard(
    project_id: uuid.UUID, body: api_models.DashboardIn, db: Db, actor: Writer
) -> api_models.DashboardOut:
    """Create an empty dashboard."""
    dashboard = await dashboards.create(db, actor, project_id, name=body.name, refresh_seconds=body.refresh_seconds)
    return serializers.dashboard(await dashboards.view(db, actor, dashboard.id))


@router.get("/dashboards/{dashboard_id}")
async def get_dashboard(dashboard_id: uuid.UUID, db: Db, actor: Reader) -> api_models.DashboardOut:
    """Show a dashboard with its tiles."""
    return serializers.dashboard(await dashboards.view(db, actor, dashboard_id))


@router.patch("/dashboards/{dashboard_id}")
async def change_dashboard(
    dashboard_id: uuid.UUID, body: api_models.DashboardChange, db: Db, actor: Writer
) -> api_models.DashboardOut:
    """Change the name or the refresh interval of a dashboard."""
    return serializers.dashboard(await dashboards.change(db, actor, dashboard_id, body.model_dump(exclude_unset=True)))


@router.delete("/dashboards/{dashboard_id}", status_code=204)
async def delete_dashboard(dashboard_id: uuid.UUID, db: Db, actor: Writer) -> None:
    """Delete a dashboard. Its saved queries are kept."""
    await dashboards.remove(db, actor, dashboard_id)


@router.post("/dashboards/{dashboard_id}/tiles", status_code=201)
async def add_tile(dashboard_id: uuid.UUID, body: api_models.TileIn, db: Db, actor: Writer) -> api_models.DashboardOut:
    """Add a shared saved query at the end of a dashboard."""
    given = body.model_dump(exclude={"query_id"})
    return serializers.dashboard(await dashboards.add_tile(db, actor, dashboard_id, body.query_id, given))


@router.put("/dashboards/{dashboard_id}/order")
async def order_tiles(
    dashboard_id: uuid.UUID, body: api_models.OrderIn, db: Db, actor: Writer
) -> api_models.DashboardOut:
    """Reorder the tiles of a dashboard."""
    return serializers.dashboard(await dashboards.order(db, actor, dashboard_id, body.tiles))


@router.patch("/dashboards/{dashboard_id}/tiles/{tile_id}")
async def change_tile(
    dashboard_id: uuid.UUID, tile_id: uuid.UUID, body: api_models.TileChange, db: Db, actor: Writer
) -> api_models.DashboardOut:
    """Change the title, width or chart of a tile; a null chart means that of the query."""
    given = {name: value for name, value in body.model_dump().items() if name in body.model_fields_set}
    return serializers.dashboard(await dashboards.change_tile(db, actor, dashboard_id, tile_id, given))


@router.delete("/dashboards/{dashboard_id}/tiles/{tile_id}", status_code=204)
async def remove_tile(dashboard_id: uuid.UUID, tile_id: uuid.UUID, db: Db, actor: Writer) -> None:
    """Remove a tile from a dashboard. Its saved query is kept."""
    await dashboards.remove_tile(db, actor, dashboard_id, tile_id)


@router.get("/dashboards/{dashboard_id}/tiles/{tile_id}/data", response_model=api_models.TileData)
async def read_tile(
    dashboard_id: uuid.UUID,
    tile_id: uuid.UUID,
    request: Request,
    server: Shared,
    actor: Annotated[Actor, Depends(allow("database:read"))],
    fresh: Annotated[bool, Query(description="Run the query again, even if its result is cached.")] = False,
) -> api_models.TileData | Response:
    """Run the query of a tile with your rights, read-only; results are cached for a minute."""
    if relayed := await relay.answer_of_owner(request, tile_id):
        return relayed
    answer, cached = await data.look(server.context, actor, dashboard_id, tile_id, fresh=fresh)
    return serializers.data(answer, cached)
