"""HTTP of branches."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.branches import api_models, serializers
from headwater.features.branches.service import branches
from headwater.features.databases.service import pool, readiness

router = APIRouter(tags=["branches"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]
Admin = Annotated[Actor, Depends(allow("database:admin"))]


@router.post("/databases/{database_id}/branches", status_code=202)
async def create_branch(
    database_id: uuid.UUID, body: api_models.BranchIn, server: Shared, actor: Writer
) -> api_models.BranchOut:
    """Create a branch of a database: a new database with its content, now or as a snapshot has it."""
    ttl = timedelta(seconds=body.ttl_seconds) if body.ttl_seconds else None
    request = branches.BranchRequest(body.name, body.snapshot_id, ttl)
    view = await branches.create(server.context, actor, database_id, request)
    if view.database:
        await readiness.notify_supervisor(server.settings, view.database.id)
    return serializers.branch(view)


@router.get("/databases/{database_id}/branches")
async def list_branches(
    database_id: uuid.UUID, db: Db, actor: Reader, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[api_models.BranchOut]:
    """List the branches of a database, newest first."""
    page = await branches.list_of_parent(db, actor, database_id, cursor=cursor, limit=limit)
    return ListOf(items=[serializers.branch(view) for view in page.items], next=page.next)


@router.get("/branches/{database_id}")
async def get_branch(database_id: uuid.UUID, db: Db, actor: Reader) -> api_models.BranchOut:
    """Show the branch that a database is: its parent, and the snapshot that both have in common."""
    return serializers.branch(await branches.find(db, actor, database_id))


@router.post("/branches/{database_id}/reset", status_code=202)
async def reset_branch(database_id: uuid.UUID, server: Shared, actor: Admin) -> api_models.BranchOut:
    """Delete the database of a branch, and create the branch anew from its parent as it is now."""
    view = await branches.reset(server.context, actor, database_id)
    await pool.end_sessions(server.context, database_id)
    await readiness.notify_supervisor(server.settings, database_id)
    if view.database:
        await readiness.notify_supervisor(server.settings, view.database.id)
    return serializers.branch(view)
