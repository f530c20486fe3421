"""HTTP of recovery: its status and settings, base backups, restore points, and recoveries."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.jobs.api_models import JobOut
from headwater.features.recovery import api_models, serializers
from headwater.features.recovery.service import archives, recoveries

router = APIRouter(tags=["recovery"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]
Admin = Annotated[Actor, Depends(allow("database:admin"))]


@router.get("/databases/{database_id}/recovery")
async def show_recovery(database_id: uuid.UUID, db: Db, actor: Reader) -> api_models.RecoveryStatusOut:
    """Show the moments to which a database can be restored, and what is archived for that."""
    return serializers.status(await archives.view(db, actor, database_id))


@router.put("/databases/{database_id}/recovery")
async def change_recovery(
    database_id: uuid.UUID, body: api_models.RecoveryIn, server: Shared, actor: Admin
) -> api_models.RecoveryStatusOut:
    """Enable or disable point-in-time recovery of a database. Its server is restarted, and clients reconnect."""
    wish = archives.Wish(body.enabled, body.window_days, body.base_days)
    return serializers.status(await archives.change(server.context, actor, database_id, wish))


@router.post("/databases/{database_id}/recovery/bases", status_code=202)
async def make_base(database_id: uuid.UUID, db: Db, actor: Writer) -> JobOut:
    """Create a base backup now. Recoveries to later moments start from it and are faster."""
    return JobOut.model_validate(await archives.make_base(db, actor, database_id))


@router.post("/databases/{database_id}/recovery/points", status_code=201)
async def name_point(
    database_id: uuid.UUID, body: api_models.PointIn, server: Shared, actor: Writer
) -> api_models.RecoveryStatusOut:
    """Create a restore point: a name for the current moment."""
    await archives.name_point(server.context, actor, database_id, body.name)
    async with server.database.transaction() as db:
        return serializers.status(await archives.view(db, actor, database_id))


@router.post("/databases/{database_id}/recoveries/plan")
async def plan_recovery(
    database_id: uuid.UUID, body: api_models.RecoverIn, db: Db, actor: Writer
) -> api_models.RecoverPlanOut:
    """Show what a recovery would do, without doing it."""
    return serializers.plan(await recoveries.plan(db, actor, database_id, _order(body)))


@router.post("/databases/{database_id}/recoveries", status_code=202)
async def start_recovery(
    database_id: uuid.UUID, body: api_models.RecoverIn, server: Shared, actor: Writer
) -> api_models.RecoveredOut:
    """Restore a database to a moment, into a new database. The old one is not changed."""
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
    """Show a recovery, its job and its result."""
    return serializers.recovered(await recoveries.view(db, actor, recovery_id))


def _order(body: api_models.RecoverIn) -> recoveries.RecoveryRequest:
    return recoveries.RecoveryRequest(body.name, body.time, body.lsn, body.point, body.inclusive, body.project_id)
