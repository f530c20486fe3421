"""HTTP endpoints of migrations."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import Shared, allow, body_limit
from headwater.features.accounts.rights import Actor
from headwater.features.migrations import api_models, archive, serializers
from headwater.features.migrations.service import execution, history
from headwater.features.query.service import access, structure
from headwater.kit import multipart

router = APIRouter(tags=["migrations"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]
FORM = multipart.described("ZIP or tar archive")


@router.get("/databases/{database_id}/migrations")
async def list_migrations(database_id: uuid.UUID, server: Shared, actor: Reader) -> ListOf[api_models.MigrationOut]:
    """List the migrations of a database in order, with their state in its journal."""
    context = server.context
    entered = await access.authorize_query(context, actor, database_id)
    return ListOf(items=[serializers.migration(status) for status in await history.statuses(context, entered)])


@router.post("/databases/{database_id}/migrations", status_code=201)
async def add_migration(
    database_id: uuid.UUID, body: api_models.MigrationIn, server: Shared, actor: Writer
) -> api_models.MigrationText:
    """Add a migration: from SQL, or generated from schema changes together with its down script."""
    context = server.context
    changes = structure.parse_changes([change.root for change in body.changes])
    entered = await access.authorize_query(context, actor, database_id, write=True, confirmed=True)
    draft = history.MigrationDraft(body.name, body.up, body.down, changes)
    migration = await history.write(context, actor, entered, draft)
    return serializers.text(migration)


@router.post("/databases/{database_id}/migrations/import", openapi_extra=FORM)
@body_limit(None)
async def import_migrations(
    database_id: uuid.UUID,
    request: Request,
    server: Shared,
    actor: Writer,
    applied: Annotated[
        bool | None, Query(description="State to set; if omitted, it is read from the tool's own table.")
    ] = None,
) -> ListOf[api_models.MigrationOut]:
    """Import an archive of a migrations folder: Flyway, Prisma, dbmate, golang-migrate, plain SQL or Alembic."""
    context = server.context
    entered = await access.authorize_query(context, actor, database_id, write=True, confirmed=True)
    upload = multipart.Upload(request.headers.get("content-type"), request.stream())
    await upload.open()
    files = await archive.texts(upload.chunks(), server.settings.max_upload_mb)
    migration_statuses = await history.import_folder(context, actor, entered, files, applied=applied)
    return ListOf(items=[serializers.migration(status) for status in migration_statuses])


@router.post("/databases/{database_id}/migrations/run")
async def run_migrations(
    database_id: uuid.UUID, body: api_models.MigrationsRun, server: Shared, actor: Writer
) -> api_models.MigrationsRunOut:
    """Return the migrations to apply or revert; with `apply`, run them until one fails."""
    context = server.context
    entered = await access.authorize_query(
        context, actor, database_id, write=True, confirmed=body.confirmed or not body.apply
    )
    request = execution.MigrationsRequest(body.way, body.to, body.run_id)
    return serializers.outcome(await execution.run(context, actor, entered, request, apply=body.apply))


@router.get("/databases/{database_id}/migrations/{version}")
async def get_migration(
    database_id: uuid.UUID, version: str, server: Shared, actor: Reader
) -> api_models.MigrationText:
    """Return the scripts of a migration."""
    context = server.context
    entered = await access.authorize_query(context, actor, database_id)
    async with server.database.transaction() as db:
        return serializers.text(await history.find(db, entered, version))


@router.put("/databases/{database_id}/migrations/{version}/state")
async def resolve_migration(
    database_id: uuid.UUID,
    version: str,
    body: api_models.MigrationState,
    server: Shared,
    actor: Writer,
    confirmed: bool = False,
) -> api_models.MigrationOut:
    """Mark a migration as applied or as pending, without running it."""
    context = server.context
    entered = await access.authorize_query(context, actor, database_id, write=True, confirmed=confirmed)
    return serializers.migration(await execution.resolve(context, entered, version, body.state, actor.email))


@router.delete("/databases/{database_id}/migrations/{version}", status_code=204)
async def delete_migration(database_id: uuid.UUID, version: str, server: Shared, actor: Writer) -> None:
    """Delete a migration that was not applied."""
    context = server.context
    entered = await access.authorize_query(context, actor, database_id, write=True, confirmed=True)
    await history.remove(context, actor, entered, version)
