"""HTTP of restores."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.databases.service import readiness
from headwater.features.snapshots import api_models, serializers
from headwater.features.snapshots.service.restore import restores

router = APIRouter(tags=["snapshots"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]


@router.post("/snapshots/{snapshot_id}/restores/plan")
async def plan_restore(
    snapshot_id: uuid.UUID, body: api_models.RestoreIn, server: Shared, actor: Writer
) -> api_models.RestorePlanOut:
    """Show what a restore would do to each table, without doing it."""
    return serializers.plan(await restores.plan(server.context, actor, snapshot_id, _order(body)))


@router.post("/snapshots/{snapshot_id}/restores", status_code=202)
async def start_restore(
    snapshot_id: uuid.UUID, body: api_models.RestoreIn, server: Shared, actor: Writer
) -> api_models.RestoreOut:
    """Restore a snapshot, or some of its tables, into a new or an existing database."""
    restore_view = await restores.start(server.context, actor, snapshot_id, _order(body))
    if restore_view.restore.target_id and restore_view.restore.fresh:
        await readiness.notify_supervisor(server.settings, restore_view.restore.target_id)
    return serializers.restore(restore_view)


@router.post("/snapshots/{snapshot_id}/drills", status_code=202)
async def drill_restore(snapshot_id: uuid.UUID, server: Shared, actor: Writer) -> api_models.RestoreOut:
    """Run a test restore: restore a snapshot into a new database, compare both, and delete that database."""
    restore_view = await restores.drill(server.context, actor, snapshot_id)
    if restore_view.restore.target_id:
        await readiness.notify_supervisor(server.settings, restore_view.restore.target_id)
    return serializers.restore(restore_view)


@router.get("/snapshots/{snapshot_id}/restores")
async def list_restores(
    snapshot_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[api_models.RestoreOut]:
    """List the restores of a snapshot, newest first."""
    page = await restores.list_of_snapshot(db, actor, snapshot_id, cursor=cursor, limit=limit)
    return ListOf(items=[serializers.restore(view) for view in page.items], next=page.next)


@router.get("/restores/{restore_id}")
async def get_restore(restore_id: uuid.UUID, db: Db, actor: Reader) -> api_models.RestoreOut:
    """Show a restore, its job and its result."""
    return serializers.restore(await restores.view(db, actor, restore_id))


def _order(body: api_models.RestoreIn) -> restores.RestoreOptions:
    return restores.RestoreOptions(body.name, body.project_id, body.target_id, body.tables, body.mode, body.confirmed)
