"""HTTP of recovery: what is kept, base backups, named points, and databases brought back to a moment."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow, allow_detached
from headwater.features.accounts.rights import Actor
from headwater.features.jobs.api_models import JobOut
from headwater.features.recovery import api_models, serializers
from headwater.features.recovery.service import archives, recoveries

router = APIRouter(tags=["recovery"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]
Detached = Annotated[Actor, Depends(allow_detached("database:write"))]
Admin = Annotated[Actor, Depends(allow_detached("database:admin"))]


@router.get("/databases/{database_id}/recovery")
async def show_recovery(database_id: uuid.UUID, db: Db, actor: Reader) -> api_models.RecoveryStatusOut:
    """Show to which moments a database can be brought back, and what is kept for that."""
    return serializers.status(await archives.view(db, actor, database_id))


@router.put("/databases/{database_id}/recovery")
async def change_recovery(
    database_id: uuid.UUID, body: api_models.RecoveryIn, server: Shared, actor: Admin
) -> api_models.RecoveryStatusOut:
    """Keep the log of a database, or stop; its server is restarted when that changes, and clients connect again."""
    wish = archives.Wish(body.enabled, body.window_days, body.base_days)
    return serializers.status(await archives.change(server.context, actor, database_id, wish))


@router.post("/databases/{database_id}/recovery/bases", status_code=202)
async def make_base(database_id: uuid.UUID, db: Db, actor: Writer) -> JobOut:
    """Make a base backup now: a recovery to a later moment begins with it, and is quicker."""
    return JobOut.model_validate(await archives.make_base(db, actor, database_id))


@router.post("/databases/{database_id}/recovery/points", status_code=201)
async def name_point(
    database_id: uuid.UUID, body: api_models.PointIn, server: Shared, actor: Detached
) -> api_models.RecoveryStatusOut:
    """Give this moment a name, to come back to."""
    await archives.name_point(server.context, actor, database_id, body.name)
    async with server.database.transaction() as db:
        return serializers.status(await archives.view(db, actor, database_id))


@router.post("/databases/{database_id}/recoveries/plan")
async def plan_recovery(
    database_id: uuid.UUID, body: api_models.RecoverIn, db: Db, actor: Writer
) -> api_models.RecoverPlanOut:
    """Say what a recovery would do, without doing it."""
    return serializers.plan(await recoveries.plan(db, actor, database_id, _order(body)))


@router.post("/databases/{database_id}/recoveries", status_code=202)
async def start_recovery(
    database_id: uuid.UUID, body: api_models.RecoverIn, server: Shared, actor: Detached
) -> api_models.RecoveredOut:
    """Bring a database back to a moment, as a new database; it is not touched itself."""
    return serializers.recovered(await recoveries.start(server.context, actor, database_id, _order(body)))


@router.get("/databases/{database_id}/recoveries")
async def list_recoveries(
    database_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[api_models.RecoveredOut]:
    """List the recoveries of a database, newest first."""
    page = await recoveries.list_of_database(db, actor, database_id, cursor=cursor, limit=limit)
    return ListOf(items=[serializers.recovered(view) for view in page.items], next=page.next)


@router.get("/recoveries/{recovery_id}")
async def get_recovery(recovery_id: uuid.UUID, db: Db, actor: Reader) -> api_models.RecoveredOut:
    """Show a recovery, its job and what came of it."""
    return serializers.recovered(await recoveries.view(db, actor, recovery_id))


def _order(body: api_models.RecoverIn) -> recoveries.RecoveryRequest:
    return recoveries.RecoveryRequest(body.name, body.time, body.lsn, body.point, body.inclusive, body.project_id)
