"""HTTP endpoints of databases: create, list, show, change, start, stop, delete, restore."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.databases import api_models, serializers
from headwater.features.databases.service import databases, engine_options, pool, readiness
from headwater.features.databases.service.specs import DatabaseSpec

router = APIRouter(tags=["databases"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]
Admin = Annotated[Actor, Depends(allow("database:admin"))]
Wait = Annotated[float, Query(ge=0, le=60, description="Seconds to wait until the database has the desired state.")]


@router.get("/engines")
async def list_engines(actor: Annotated[Actor, Depends(allow("account:read"))]) -> list[api_models.EngineOut]:
    """List the engines with their options, and whether Headwater can create databases of each here."""
    return [serializers.engine(view) for view in engine_options.engines()]


@router.get("/projects/{project_id}/databases")
async def list_databases(
    project_id: uuid.UUID,
    db: Db,
    actor: Reader,
    deleted: bool = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[api_models.DatabaseOut]:
    """List the databases of a project, newest first; or deleted databases that can be restored."""
    page = await databases.list_of_project(db, actor, project_id, cursor=cursor, limit=limit, deleted=deleted)
    return ListOf(items=[serializers.database(view) for view in page.items], next=page.next)


@router.post("/projects/{project_id}/databases", status_code=201)
async def create_database(
    project_id: uuid.UUID, body: api_models.NewDatabase, server: Shared, actor: Writer, wait: Wait = 10
) -> api_models.DatabaseOut:
    """Create a database and wait up to `wait` seconds until it runs."""
    spec = DatabaseSpec(
        body.name,
        body.engine,
        options=body.options,
        quotas=body.quotas.model_dump(),
        sleep_after_seconds=body.sleep_after_seconds,
        protected=body.protected,
        tls_required=body.tls_required,
    )
    databases.check_tls(server.settings, tls_required=body.tls_required)
    async with server.database.transaction() as db:
        database = await databases.create(db, actor, server.context.cipher, project_id, spec)
    return serializers.database(await readiness.wait_until_settled(server.context, actor, database.id, wait))


@router.get("/databases/{database_id}")
async def get_database(database_id: uuid.UUID, db: Db, actor: Reader) -> api_models.DatabaseOut:
    """Show a database."""
    return serializers.database(await databases.view(db, actor, database_id))


@router.patch("/databases/{database_id}")
async def change_database(
    database_id: uuid.UUID, body: api_models.DatabaseChange, server: Shared, actor: Writer
) -> api_models.DatabaseOut:
    """Change the name, protection, quotas, idle time or required TLS of a database."""
    databases.check_tls(server.settings, tls_required=body.tls_required is True)
    async with server.database.transaction() as db:
        await databases.change(db, actor, database_id, body.model_dump(exclude_unset=True))
    return serializers.database(await readiness.wait_until_settled(server.context, actor, database_id, 0))


@router.put("/databases/{database_id}/desired")
async def steer_database(
    database_id: uuid.UUID, body: api_models.Desired, server: Shared, actor: Writer, wait: Wait = 10
) -> api_models.DatabaseOut:
    """Start a database, put it to sleep until a client connects, or stop it until a user starts it."""
    async with server.database.transaction() as db:
        await databases.steer(db, actor, database_id, body.state)
    return serializers.database(await readiness.wait_until_settled(server.context, actor, database_id, wait))


@router.delete("/databases/{database_id}", status_code=204)
async def delete_database(database_id: uuid.UUID, server: Shared, actor: Admin) -> None:
    """Delete a database. A managed database can be restored for seven days."""
    async with server.database.transaction() as db:
        await databases.remove(db, actor, database_id)
    await pool.end_sessions(server.context, database_id)
    await readiness.notify_supervisor(server.settings, database_id)


@router.post("/databases/{database_id}/deletion/undo")
async def undelete_database(database_id: uuid.UUID, server: Shared, actor: Admin) -> api_models.DatabaseOut:
    """Restore a deleted database."""
    async with server.database.transaction() as db:
        await databases.undelete(db, actor, database_id)
    return serializers.database(await readiness.wait_until_settled(server.context, actor, database_id, 0))


@router.post("/databases/{database_id}/deletion/complete", status_code=204)
async def purge_database(database_id: uuid.UUID, server: Shared, actor: Admin) -> None:
    """Destroy a deleted database now. This cannot be undone."""
    async with server.database.transaction() as db:
        await databases.purge(db, actor, database_id)
    await readiness.notify_supervisor(server.settings, database_id)
