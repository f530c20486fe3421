"""HTTP of migrations."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from headwater.features.accounts.guard import Shared, allow_detached
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.schemas import ListOf
from headwater.features.migrations import archive, schemas, wire
from headwater.features.migrations.service import applying, history
from headwater.features.query.place import running, workplace
from headwater.features.query.service import access, structure
from headwater.kit import forms

router = APIRouter(tags=["migrations"])
Reader = Annotated[Actor, Depends(allow_detached("database:read"))]
Writer = Annotated[Actor, Depends(allow_detached("database:write"))]
FORM = forms.described("ZIP or tar archive")


@router.get("/databases/{database_id}/migrations")
async def list_migrations(database_id: uuid.UUID, server: Shared, actor: Reader) -> ListOf[schemas.MigrationOut]:
    """List the migrations of a database in their order, with what its own journal says of each."""
    place = workplace(server)
    entered = await access.enter(place, actor, database_id)
    return ListOf(items=[wire.migration(one) for one in await history.standings(place, entered)])


@router.post("/databases/{database_id}/migrations", status_code=201)
async def add_migration(
    database_id: uuid.UUID, body: schemas.MigrationIn, server: Shared, actor: Writer
) -> schemas.MigrationText:
    """Keep a new migration: from SQL, or generated from changes of the schema with the way back."""
    place = workplace(server)
    changes = structure.understand(body.changes)
    entered = await access.enter(place, actor, database_id, write=True, confirmed=True)
    made = await history.write(place, actor, entered, name=body.name, up=body.up, down=body.down, changes=changes)
    return wire.text(made)


@router.post("/databases/{database_id}/migrations/import", openapi_extra=FORM)
async def import_migrations(
    database_id: uuid.UUID, request: Request, server: Shared, actor: Writer,
    applied: Annotated[
        bool | None, Query(description="Whether they count as applied; left out: as their tool's table says.")
    ] = None,
) -> ListOf[schemas.MigrationOut]:  # fmt: skip
    """Import the folder of Flyway, Prisma, dbmate, golang-migrate, plain SQL or Alembic, as an archive."""
    place = workplace(server)
    entered = await access.enter(place, actor, database_id, write=True, confirmed=True)
    upload = forms.Upload(request.headers.get("content-type"), request.stream())
    await upload.open()
    files = await archive.texts(upload.chunks(), server.settings.max_upload_mb)
    found = await history.import_folder(place, actor, entered, files, applied=applied)
    return ListOf(items=[wire.migration(one) for one in found])


@router.post("/databases/{database_id}/migrations/run")
async def run_migrations(
    database_id: uuid.UUID, body: schemas.MigrationsRun, server: Shared, actor: Writer
) -> schemas.MigrationsRunOut:
    """Show what would be applied or reverted; with `apply`, do it, up to the first that fails."""
    place = workplace(server)
    entered = await access.enter(place, actor, database_id, write=True, confirmed=body.confirmed or not body.apply)
    request = applying.Request(body.way, body.to, body.run_id)
    return wire.outcome(await applying.run(place, running(server), actor, entered, request, apply=body.apply))


@router.get("/databases/{database_id}/migrations/{version}")
async def get_migration(database_id: uuid.UUID, version: str, server: Shared, actor: Reader) -> schemas.MigrationText:
    """Show what a migration runs."""
    place = workplace(server)
    entered = await access.enter(place, actor, database_id)
    async with server.database.transaction() as db:
        return wire.text(await history.find(db, entered, version))


@router.put("/databases/{database_id}/migrations/{version}/state")
async def resolve_migration(
    database_id: uuid.UUID, version: str, body: schemas.MigrationState, server: Shared, actor: Writer,
    confirmed: bool = False,
) -> schemas.MigrationOut:  # fmt: skip
    """Say what a migration is without running it: applied by hand, or to be applied again."""
    place = workplace(server)
    entered = await access.enter(place, actor, database_id, write=True, confirmed=confirmed)
    return wire.migration(await applying.resolve(place, entered, version, body.state, actor.email))


@router.delete("/databases/{database_id}/migrations/{version}", status_code=204)
async def delete_migration(database_id: uuid.UUID, version: str, server: Shared, actor: Writer) -> None:
    """Delete a migration that was not applied."""
    place = workplace(server)
    entered = await access.enter(place, actor, database_id, write=True, confirmed=True)
    await history.remove(place, actor, entered, version)
