"""HTTP endpoints of copies, and of transfers of every kind."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.transfers import api_models, serializers
from headwater.features.transfers.service import copies, transfers

router = APIRouter(tags=["transfers"])
Reader = Annotated[Actor, Depends(allow("database:read"))]


@router.post("/databases/{database_id}/copies/plan")
async def plan_copy(
    database_id: uuid.UUID, body: api_models.CopyPlanIn, server: Shared, actor: Reader
) -> api_models.CopyPlanOut:
    """Return the plan of a copy to another database: the type of each column there, and everything that is lost."""
    request = copies.CopyRequest(database_id, body.target_id, body.tables, choices=body.choices)
    copy_plan, engine = await copies.plan(server.context, actor, request)
    return serializers.plan(copy_plan, engine)


@router.post("/databases/{database_id}/copies", status_code=202)
async def start_copy(
    database_id: uuid.UUID, body: api_models.CopyIn, server: Shared, actor: Reader
) -> api_models.TransferOut:
    """Copy tables with their rows to another database, which must not have these tables yet.

    If something would be lost, the response is 409 `losses_not_accepted` unless `accepted` is true.
    """
    request = copies.CopyRequest(database_id, body.target_id, body.tables, body.accepted, body.confirmed, body.choices)
    return serializers.transfer(await copies.start(server.context, actor, request))


@router.get("/databases/{database_id}/transfers")
async def list_transfers(
    database_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[api_models.TransferOut]:
    """List copies, imports and exports of a database, newest first."""
    page = await transfers.list_of_database(db, actor, database_id, cursor=cursor, limit=limit)
    return ListOf(items=[serializers.transfer(view) for view in page.items], next=page.next)


@router.get("/transfers/{transfer_id}")
async def get_transfer(transfer_id: uuid.UUID, db: Db, actor: Reader) -> api_models.TransferOut:
    """Return a transfer with its job and its result."""
    return serializers.transfer(await transfers.view(db, actor, transfer_id))
